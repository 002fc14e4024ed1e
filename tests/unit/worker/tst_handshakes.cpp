#include "livesupport.h"

#include <QRegularExpression>
#include <QTest>

#include <functional>
#include <stdexcept>

Q_DECLARE_METATYPE(std::function<void(Quern::Application &)>)

using namespace Quern;
using namespace WorkerTest;

namespace {

using Install = std::function<void(Application &)>;

/// What became of a handshake: "upgrade ROUTE fields", or the answer that refuses it.
QByteArray outcome(const LiveMaster &master, quint64 id)
{
    const std::optional<Reply> reply = master.awaitReply(id);
    if (!reply)
        return "no answer";
    const auto message = ipc::decodeResponse(reply->payload);
    if (!message)
        return "malformed";
    const QByteArray fields = message->headerBlock.toByteArray().replace("\r\n", ";");
    if (message->kind != ipc::ResponseKind::Upgrade)
        return QByteArray::number(message->status) + ' ' + fields + '|' + message->bodyPart.toByteArray();
    if (message->bodyPart.size() != 4)
        return "no route number";
    return "upgrade " + QByteArray::number(qFromLittleEndian<quint32>(message->bodyPart.data())) + ' ' + fields;
}

QByteArray allowed(const QByteArray &answer)
{
    const qsizetype start = answer.indexOf("Allow: ");
    return start < 0 ? QByteArray() : answer.mid(start + 7, answer.indexOf(';', start) - start - 7);
}

} // namespace

/// Opening handshakes of WebSockets, through the host.
class TestHandshakes : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void accepted();
    void refused_data();
    void refused();
    void subprotocol_data();
    void subprotocol();
    void withoutARoute();
    void plainRequests_data();
    void plainRequests();
    void hooksSeeTheUpgrade();
    void hookThatThrows();
    void hookThatAnswers();
    void routesOfAService();
};

void TestHandshakes::accepted()
{
    LiveMaster master;
    master.application.get("/", [](const Request &, Response &) {});
    master.application.webSocket("/plain");
    master.application.webSocket("/live/:room").onHandshake([](const Request &request, Response &response) {
        response.setHeader("X-Room", request.param("room").toUtf8()).setCookie("seen", QStringLiteral("1"));
    });
    master.application.webSocket("/late").onHandshake([](const Request &, Response &response) {
        QTimer::singleShot(0, [later = response.defer()]() mutable { later.setStatus(204).end(); });
    });
    master.start();
    QCOMPARE(outcome(master, master.handshake({.target = "/plain"})), QByteArray("upgrade 1 "));
    const QByteArray answer = outcome(master, master.handshake({.target = "/live/a"}));
    QVERIFY2(answer.startsWith("upgrade 2 X-Room: a;Set-Cookie: seen=1"), answer);
    const quint64 late = master.handshake({.target = "/late"});
    QCOMPARE(outcome(master, late), QByteArray("upgrade 3 "));
    QVERIFY(master.reply(late, FrameType::Deferred));
    QCOMPARE(master.state(late), ClaimState::Done);
}

void TestHandshakes::refused_data()
{
    QTest::addColumn<Install>("install");
    QTest::addColumn<QByteArray>("answer");
    const auto row = [](const char *name, const std::function<void(const Request &, Response &)> &handler,
                        const QByteArray &answer) {
        QTest::newRow(name) << Install([handler](Application &app) { app.webSocket("/live").onHandshake(handler); })
                            << answer;
    };
    for (const int status : {300, 302, 401, 403, 404, 500, 599}) {
        const QByteArray name = "status " + QByteArray::number(status);
        row(
            name, [status](const Request &, Response &response) { response.setStatus(status); },
            QByteArray::number(status) + " |");
    }
    row(
        "with a body", [](const Request &, Response &response) { response.send("no"); }, "200 |no");
    row(
        "ended with a status", [](const Request &, Response &response) { response.setStatus(403).end(); }, "403 |");
    row(
        "later",
        [](const Request &, Response &response) {
            QTimer::singleShot(0, [later = response.defer()]() mutable { later.setStatus(401).end(); });
        },
        "401 |");
    row(
        "forgotten", [](const Request &, Response &response) { response.defer(); }, "500 |");
    row(
        "throws", [](const Request &, Response &) { throw std::runtime_error("x"); }, "500 |");
    const auto middleware = [](const char *name, const Middleware &layer, const QByteArray &answer) {
        QTest::newRow(name) << Install([layer](Application &app) { app.webSocket("/live").use(layer); }) << answer;
    };
    middleware(
        "middleware with a status", [](Request &, Response &response, const Next &) { response.setStatus(401); },
        "401 |");
    middleware(
        "middleware that ends", [](Request &, Response &response, const Next &) { response.end(); }, "200 |");
    middleware(
        "middleware that turns it down behind the handler",
        [](Request &, Response &response, const Next &next) {
            next();
            response.setStatus(403);
        },
        "403 |");
    QTest::newRow("hook that ends") << Install([](Application &app) {
        app.webSocket("/live");
        app.receivedRequest([](Request &, Response &response) { response.setStatus(204).end(); });
    }) << QByteArray("204 |");
    QTest::newRow("stream") << Install([](Application &app) {
        app.webSocket("/live").onHandshake([](const Request &, Response &response) { response.stream().end(); });
    }) << QByteArray("200 |");
}

void TestHandshakes::refused()
{
    QFETCH(Install, install);
    QFETCH(QByteArray, answer);
    LiveMaster master;
    install(master.application);
    master.start();
    QCOMPARE(outcome(master, master.handshake()), answer);
}

void TestHandshakes::subprotocol_data()
{
    QTest::addColumn<QByteArrayList>("spoken");
    QTest::addColumn<QByteArrayList>("offered");
    QTest::addColumn<QByteArray>("agreed");
    QTest::newRow("none spoken") << QByteArrayList() << QByteArrayList{"a"} << QByteArray();
    QTest::newRow("none offered") << QByteArrayList{"a"} << QByteArrayList() << QByteArray();
    QTest::newRow("no match") << QByteArrayList{"a"} << QByteArrayList{"b, c"} << QByteArray();
    QTest::newRow("letter case counts") << QByteArrayList{"a"} << QByteArrayList{"A"} << QByteArray();
    QTest::newRow("the route's order") << QByteArrayList{"a", "b"} << QByteArrayList{"c,b , a"} << QByteArray("a");
    QTest::newRow("two fields") << QByteArrayList{"b"} << QByteArrayList{"a", "b"} << QByteArray("b");
}

void TestHandshakes::subprotocol()
{
    QFETCH(QByteArrayList, spoken);
    QFETCH(QByteArrayList, offered);
    QFETCH(QByteArray, agreed);
    LiveMaster master;
    master.application.webSocket("/live").subprotocols(spoken);
    master.start();
    Order order{.target = "/live"};
    for (const QByteArray &each : offered)
        order.fields.append({"sec-websocket-protocol", each});
    QCOMPARE(outcome(master, master.handshake(order)),
             "upgrade 0 " + (agreed.isEmpty() ? QByteArray() : "Sec-WebSocket-Protocol: " + agreed + ';'));
}

void TestHandshakes::withoutARoute()
{
    LiveMaster master;
    master.application.get("/page", [](const Request &, Response &response) { response.send("page"); });
    master.application.any("/any", [](const Request &, Response &response) { response.send("any"); });
    master.start();
    QCOMPARE(outcome(master, master.handshake({.target = "/page"})), QByteArray("200 |page"));
    QCOMPARE(outcome(master, master.handshake({.target = "/any"})), QByteArray("200 |any"));
    QCOMPARE(outcome(master, master.handshake({.target = "/none"})), QByteArray("404 |"));
}

void TestHandshakes::plainRequests_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("status");
    QTest::addColumn<QByteArray>("allow");
    QTest::newRow("WebSocket alone") << QByteArray("GET") << QByteArray("/live") << QByteArray("426") << QByteArray();
    QTest::newRow("HEAD") << QByteArray("HEAD") << QByteArray("/live") << QByteArray("426") << QByteArray();
    QTest::newRow("POST") << QByteArray("POST") << QByteArray("/live") << QByteArray("405")
                          << QByteArray("GET, OPTIONS");
    QTest::newRow("OPTIONS") << QByteArray("OPTIONS") << QByteArray("/live") << QByteArray("204")
                             << QByteArray("GET, OPTIONS");
    QTest::newRow("OPTIONS of all") << QByteArray("OPTIONS") << QByteArray("*") << QByteArray("204")
                                    << QByteArray("GET, HEAD, OPTIONS, POST");
    QTest::newRow("GET beside") << QByteArray("GET") << QByteArray("/both") << QByteArray("200") << QByteArray();
    QTest::newRow("POST beside") << QByteArray("POST") << QByteArray("/form") << QByteArray("200") << QByteArray();
    QTest::newRow("GET where POST is") << QByteArray("GET") << QByteArray("/form") << QByteArray("426") << QByteArray();
    QTest::newRow("wildcard") << QByteArray("GET") << QByteArray("/files/live") << QByteArray("200") << QByteArray();
    QTest::newRow("the method that routes have")
        << QByteArray("WEBSOCKET") << QByteArray("/other") << QByteArray("404") << QByteArray();
}

void TestHandshakes::plainRequests()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, status);
    QFETCH(QByteArray, allow);
    LiveMaster master;
    const auto ignore = [](const Request &, Response &) {};
    master.application.webSocket("/live");
    master.application.webSocket("/both");
    master.application.get("/both", ignore);
    master.application.webSocket("/form");
    master.application.post("/form", ignore);
    master.application.webSocket("/files/live");
    master.application.get("/files/*path", ignore);
    master.application.socket("telnet").onReceive([](const Connection &, QByteArrayView) {});
    master.start();
    const QByteArray answer = master.answer(master.request({.method = method, .target = target}));
    QVERIFY2(answer.startsWith(status + ' '), answer);
    QCOMPARE(allowed(answer), allow);
    QCOMPARE(answer.contains("Upgrade: websocket;"), status == "426");
    QVERIFY(!answer.contains("WEBSOCKET"));
}

void TestHandshakes::hooksSeeTheUpgrade()
{
    LiveMaster master;
    QList<int> statuses;
    QByteArray agreed;
    int cleaned = 0;
    master.application.webSocket("/live").subprotocols({"a"}).onHandshake([&](const Request &, Response &response) {
        response.setHeader("Upgrade", "h2c"); // the server writes its own
        response.beforeSend([&](Response &last) {
            statuses.append(last.status());
            last.setHeader("X-Last", "1");
        });
    });
    master.application.generatedResponse([&](const Request &, Response &response) {
        statuses.append(response.status());
        agreed = response.header("Sec-WebSocket-Protocol").toByteArray();
        response.setHeader("X-Shop", "2");
    });
    master.application.cleaner([&](const Request &) { ++cleaned; });
    master.start();
    Order order{.target = "/live", .fields = {{"Sec-WebSocket-Protocol", "a"}}};
    QCOMPARE(outcome(master, master.handshake(order)),
             QByteArray("upgrade 0 Sec-WebSocket-Protocol: a;X-Last: 1;X-Shop: 2;"));
    QCOMPARE(statuses, QList<int>({101, 101}));
    QCOMPARE(agreed, QByteArray("a"));
    QTRY_COMPARE(cleaned, 1);
}

void TestHandshakes::hookThatThrows()
{
    LiveMaster master;
    master.application.webSocket("/live");
    master.application.generatedResponse([](const Request &, Response &) { throw std::runtime_error("hook"); });
    master.start();
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(QStringLiteral("a hook threw at: hook$")));
    QCOMPARE(outcome(master, master.handshake()), QByteArray("500 |"));
}

void TestHandshakes::hookThatAnswers()
{
    LiveMaster master;
    master.application.webSocket("/live");
    master.application.generatedResponse([](const Request &, Response &response) {
        response.setHeader("X-Shop", "1").setStatus(200);
        response.text(QStringLiteral("body"));
    });
    master.start();
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("refuse it in a middleware or in "
                                                                         "onHandshake\\(\\)")));
    QVERIFY(outcome(master, master.handshake()).startsWith("upgrade 0 X-Shop: 1;"));
}

void TestHandshakes::routesOfAService()
{
    LiveMaster master;
    master.ports.append({.name = QStringLiteral("internal"), .handler = QStringLiteral("ops")});
    QByteArrayList ports;
    const auto note = [&ports](const QByteArray &what) {
        return [&ports, what](const Request &request, Response &response) {
            ports.append(what + ' ' + request.port().toUtf8());
            response.send(what);
        };
    };
    master.application.get("/", note("public"));
    master.application.port("ops", [&](RouteGroup &ops) {
        ops.get("/", note("internal"));
        ops.group("/deep", [&](RouteGroup &deep) { deep.get("/er", note("deep")); });
        ops.webSocket("/live");
    });
    master.start();
    QCOMPARE(master.answer(master.request({})), QByteArray("200 |public"));
    QCOMPARE(master.answer(master.request({.port = 1})), QByteArray("200 |internal"));
    QCOMPARE(master.answer(master.request({.target = "/deep/er", .port = 1})), QByteArray("200 |deep"));
    QCOMPARE(master.answer(master.request({.target = "/deep/er"})), QByteArray("404 |"));
    QCOMPARE(outcome(master, master.handshake()), QByteArray("404 |"));
    QCOMPARE(outcome(master, master.handshake({.target = "/live", .port = 1})), QByteArray("upgrade 3 "));
    QCOMPARE(ports, QByteArrayList({"public main", "internal internal", "deep internal"}));
}

QUERN_EPOLL_TEST_MAIN(TestHandshakes)
#include "tst_handshakes.moc"
