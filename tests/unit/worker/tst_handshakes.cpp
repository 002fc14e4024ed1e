#include "livesupport.h"

#include <Quern/requestid.h>

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
    void keptUntilItOpens();
    void forgottenByCancel();
    void oldestIsForgotten();
    void runAgain();
    void runAgainInVain_data();
    void runAgainInVain();
    void malformedOpen_data();
    void malformedOpen();
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

void TestHandshakes::keptUntilItOpens()
{
    LiveMaster master;
    int handshakes = 0;
    QVariant attribute;
    QByteArrayList opened;
    master.application.webSocket("/live/:room")
        .use([](Request &request, Response &, const Next &next) {
            request.setAttribute("user", QStringLiteral("ann"));
            next();
        })
        .onHandshake([&](const Request &, Response &) { ++handshakes; })
        .onOpen([&](const Connection &connection, const Request &request) {
            attribute = request.attribute("user");
            opened.append(QByteArray::number(connection.id().value()) + ' ' + request.param("room").toUtf8() + ' ' +
                          connection.user());
        });
    master.start();
    const Order order{.target = "/live/a"};
    const quint64 first = master.handshake(order);
    QVERIFY(master.awaitReply(first));
    EventMessage open;
    open.kind = EventKind::Open;
    open.name = "bob";
    master.event(70, open, LiveMaster::openBody(first, order));
    QVERIFY(master.awaitDone());
    QCOMPARE(handshakes, 1);
    QCOMPARE(attribute.toString(), QStringLiteral("ann"));
    QCOMPARE(opened, QByteArrayList({"70 a bob"}));
}

void TestHandshakes::forgottenByCancel()
{
    LiveMaster master;
    int handshakes = 0;
    master.application.webSocket("/live").onHandshake([&](const Request &, Response &) { ++handshakes; });
    master.start();
    const quint64 id = master.handshake();
    QVERIFY(master.awaitReply(id));
    master.send(FrameType::Cancel, id);
    master.event(70, EventKind::Open, LiveMaster::openBody(id));
    QVERIFY(master.awaitDone());
    QCOMPARE(handshakes, 2); // it was run again, since it was not there any more
}

void TestHandshakes::oldestIsForgotten()
{
    LiveMaster master;
    int handshakes = 0;
    master.application.webSocket("/live").onHandshake([&](const Request &, Response &) { ++handshakes; });
    master.start();
    constexpr int kept = int(worker::LiveHost::MaxKept);
    for (int i = 0; i < kept + 1; ++i) {
        const quint64 id = master.handshake();
        QVERIFY(master.awaitReply(id));
        master.rings[0]->release(master.claims[id]);
    }
    master.event(71, EventKind::Open, LiveMaster::openBody(2));
    QVERIFY(master.awaitDone());
    QCOMPARE(handshakes, kept + 1);
    master.event(70, EventKind::Open, LiveMaster::openBody(1));
    QVERIFY(master.awaitDone());
    QCOMPARE(handshakes, kept + 2);
}

void TestHandshakes::runAgain()
{
    LiveMaster master;
    QByteArrayList seen;
    master.application.receivedRequest([&](Request &, Response &) { seen.append("hook"); });
    master.application.generatedResponse([&](const Request &, Response &) { seen.append("generated"); });
    master.application.cleaner([&](const Request &) { seen.append("cleaner"); });
    master.application.webSocket("/live/:room")
        .use([&](Request &request, Response &, const Next &next) {
            request.setAttribute("user", QStringLiteral("ann"));
            seen.append("middleware");
            next();
        })
        .onHandshake([&](const Request &, Response &response) {
            seen.append("handshake");
            response.setHeader("X-Room", "a");
        })
        .onOpen([&](const Connection &, const Request &request) {
            seen.append("open " + request.param("room").toUtf8() + ' ' + request.idText() + ' ' +
                        request.attribute("user").toByteArray() + ' ' + request.remoteAddress().toUtf8() + ' ' +
                        QByteArray::number(request.journey().workerId) + request.header("X-Q").toByteArray());
        });
    master.start();
    const Order order{.target = "/live/a", .fields = {{"X-Q", "q"}}};
    const quint64 id = RequestId::make(0, 17, 0);
    master.event(70, EventKind::Open, LiveMaster::openBody(id, order));
    QVERIFY(master.awaitDone());
    QCOMPARE(seen, QByteArrayList({"hook", "middleware", "handshake", "cleaner", "open a 0-17 ann 192.0.2.1 4q"}));
    QVERIFY(master.commands().isEmpty());
    QVERIFY(!master.reply(id)); // its answer is dropped
}

void TestHandshakes::runAgainInVain_data()
{
    QTest::addColumn<Install>("install");
    QTest::addColumn<QByteArray>("reason");
    const auto row = [](const char *name, const std::function<void(const Request &, Response &)> &handler,
                        const char *reason) {
        QTest::newRow(name) << Install([handler](Application &app) { app.webSocket("/live").onHandshake(handler); })
                            << QByteArray(reason);
    };
    row(
        "refuses", [](const Request &, Response &response) { response.setStatus(403); }, "refused with status 403");
    row(
        "has a body", [](const Request &, Response &response) { response.send("x"); }, "refused with status 200");
    row(
        "throws", [](const Request &, Response &) { throw std::runtime_error("spilt"); },
        "spilt \\(route WEBSOCKET /live of plugin ");
    row(
        "defers",
        [](const Request &, Response &response) {
            QTimer::singleShot(0, [later = response.defer()]() mutable { later.end(); });
        },
        "it was deferred");
    row(
        "forgets", [](const Request &, Response &response) { response.defer(); }, "it was deferred");
    row(
        "streams",
        [](const Request &, Response &response) {
            ResponseStream stream = response.stream();
            QTimer::singleShot(0, [stream]() mutable { stream.write("x"); });
        },
        "refused with status 200");
    QTest::newRow("led elsewhere") << Install([](Application &app) {
        app.webSocket("/live");
        app.webSocket("/else");
        app.receivedRequest([](Request &request, Response &) { request.setTarget("/else"); });
    }) << QByteArray("another route");
    QTest::newRow("has no route any more") << Install([](Application &app) {
        app.webSocket("/live");
        app.receivedRequest([](Request &request, Response &) { request.setTarget("/none"); });
    }) << QByteArray("refused with status 404");
}

void TestHandshakes::runAgainInVain()
{
    QFETCH(Install, install);
    QFETCH(QByteArray, reason);
    LiveMaster master;
    install(master.application);
    master.start();
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(QString::fromUtf8("^connection 70 of WebSocket route /live .*" + reason)));
    master.event(70, EventKind::Open, LiveMaster::openBody(12345));
    QVERIFY(master.awaitDone());
    const QList<Command> commands = master.awaitCommands(1);
    QCOMPARE(commands.size(), 1);
    QCOMPARE(commands[0].message.kind, CommandKind::Close);
    QCOMPARE(commands[0].message.code, quint16(1011));
    QCOMPARE(commands[0].id, quint64(70));
    // What it held on to has no effect, and the host serves on.
    QCoreApplication::processEvents();
    master.event(71, EventKind::Text, "a");
    QVERIFY(master.awaitDone());
}

void TestHandshakes::malformedOpen_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("without a request") << QByteArray(8, '\1');
    QTest::newRow("request cut short") << LiveMaster::openBody(12345).chopped(20);
}

void TestHandshakes::malformedOpen()
{
    QFETCH(QByteArray, body);
    LiveMaster master;
    bool isOpen = false;
    master.application.webSocket("/live").onOpen([&](const Connection &, const Request &) { isOpen = true; });
    master.start();
    master.event(70, EventKind::Open, body);
    QVERIFY(master.awaitDone());
    QCOMPARE(master.awaitCommands(1).size(), 1);
    QVERIFY(!isOpen);
}

QUERN_EPOLL_TEST_MAIN(TestHandshakes)
#include "tst_handshakes.moc"
