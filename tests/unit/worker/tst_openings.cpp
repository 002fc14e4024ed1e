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

} // namespace

/// From the handshake of a WebSocket to onOpen(), through the host.
class TestOpenings : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void keptUntilItOpens();
    void forgottenByCancel();
    void oldestIsForgotten();
    void runAgain();
    void runAgainInVain_data();
    void runAgainInVain();
    void malformedOpen_data();
    void malformedOpen();
};

void TestOpenings::keptUntilItOpens()
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

void TestOpenings::forgottenByCancel()
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

void TestOpenings::oldestIsForgotten()
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

void TestOpenings::runAgain()
{
    LiveMaster master;
    QByteArrayList seen;
    master.application.receivedRequest([&](Request &, Response &) { seen.append("hook"); });
    master.application.generatedResponse([&](const Request &, Response &) { seen.append("generated"); });
    master.application.cleaner([&](const Request &) { seen.append("cleaner"); });
    master.application.webSocket("/live/:room")
        .subprotocols({"v2", "v1"})
        .requireSubprotocol()
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
                        QByteArray::number(request.journey().workerId) + request.header("X-Q").toByteArray() + ' ' +
                        request.subprotocol());
        });
    master.start();
    const Order order{.target = "/live/a", .fields = {{"X-Q", "q"}, {"Sec-WebSocket-Protocol", "v1"}}};
    const quint64 id = RequestId::make(0, 17, 0);
    master.event(70, EventKind::Open, LiveMaster::openBody(id, order));
    QVERIFY(master.awaitDone());
    QCOMPARE(seen, QByteArrayList({"hook", "middleware", "handshake", "cleaner", "open a 0-17 ann 192.0.2.1 4q v1"}));
    QVERIFY(master.commands().isEmpty());
    QVERIFY(!master.reply(id)); // its answer is dropped
}

void TestOpenings::runAgainInVain_data()
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

void TestOpenings::runAgainInVain()
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

void TestOpenings::malformedOpen_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("without a request") << QByteArray(8, '\1');
    QTest::newRow("request cut short") << LiveMaster::openBody(12345).chopped(20);
}

void TestOpenings::malformedOpen()
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

QUERN_EPOLL_TEST_MAIN(TestOpenings)
#include "tst_openings.moc"
