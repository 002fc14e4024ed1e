#include "harnesssupport.h"

#include <Quern/application.h>
#include <Quern/server.h>

#include <QTest>

#include <stdexcept>
#include <thread>

using namespace Quern;
using namespace std::chrono_literals;

namespace {

QByteArrayList texts(const TestSocket &socket)
{
    QByteArrayList all;
    const QList<TestMessage> received = socket.received();
    for (const TestMessage &message : received)
        all.append(message.payload);
    return all;
}

/// A chat: a WebSocket for each room, and a line protocol that everybody hears.
void chat(Application &app, QByteArrayList &seen)
{
    app.webSocket("/chat/:room")
        .subprotocols({"chat.2", "chat.1"})
        .onHandshake([](const Request &request, Response &response) {
            if (request.query("name").isNull())
                response.setStatus(401);
        })
        .onOpen([&seen](const Connection &connection, const Request &request) {
            const QByteArray room = request.param("room").toUtf8();
            seen.append("open " + room);
            if (!connection.join(room) || !connection.bind(request.query("name").toUtf8()))
                throw std::runtime_error("join");
        })
        .onMessage([](const Connection &connection, const Message &message) {
            if (message.payload == "bad")
                throw std::runtime_error("spilt");
            if (message.payload == "bye")
                connection.close(4000, QStringLiteral("as you wish"));
            else if (message.payload == "close others")
                server().broadcast("closing");
            else
                server().pushToRoom("lobby", connection.user() + ": " + message.toByteArray(), message.type,
                                    connection.id());
        })
        .onClose([&seen](const Connection &connection, const CloseReason &reason) {
            seen.append("close " + connection.user() + ' ' + QByteArray::number(reason.code) + ' ' +
                        reason.reason.toUtf8() + ' ' + QByteArray::number(int(reason.closedBy)) + ' ' +
                        (connection.push("late") ? "sent" : "not sent"));
        });
    app.socket("telnet")
        .onConnect([](const Connection &connection) { connection.send("hello\n"); })
        .onReceive([](const Connection &connection, QByteArrayView bytes) { connection.send(bytes); })
        .onPacket([](const Datagram &datagram) {
            if (datagram.payload() == "bad")
                throw std::runtime_error("spilt");
            datagram.reply(datagram.payload().toByteArray().toUpper());
            server().sendTo(QStringLiteral("telnet"), QStringLiteral("192.0.2.1"), 7, "copy");
        });
    app.port("ops", [](RouteGroup &ops) {
        ops.get("/", [](const Request &request, Response &response) { response.text(request.port()); });
        ops.webSocket("/live");
    });
}

} // namespace

/// Connections of TestHarness, as an author's test uses them.
class TestTestSockets : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void conversation();
    void handshake_data();
    void handshake();
    void subprotocols_data();
    void subprotocols();
    void clientCloses();
    void handlerCloses();
    void exceptions();
    void failedOpen();
    void stream();
    void packets();
    void ofAPort();
    void asksTheServer();
    void deadIds();
    void otherThreads();
    void waits();
    void nestedHarnesses();
    void outlivesTheHarness();
};

void TestTestSockets::conversation()
{
    QByteArrayList seen;
    ::Server chatServer([&](Application &app) { chat(app, seen); });
    TestSocket ann = chatServer.harness.webSocket({.target = "/chat/lobby?name=ann"});
    TestSocket bob = chatServer.harness.webSocket({.target = "/chat/lobby?name=bob"});
    TestSocket eve = chatServer.harness.webSocket({.target = "/chat/cellar?name=eve"});
    QVERIFY(ann.isOpen() && bob.isOpen() && eve.isOpen());
    QVERIFY(ann.send("hi"));
    QVERIFY(ann.send("\xff", MessageType::Binary));
    QCOMPARE(bob.received(), QList<TestMessage>({{MessageType::Text, "ann: hi"}, {MessageType::Binary, "ann: \xff"}}));
    QVERIFY(ann.received().isEmpty() && eve.received().isEmpty());
    QVERIFY(server().pushToUser("eve", "psst"));
    QCOMPARE(texts(eve), QByteArrayList({"psst"}));
    QVERIFY(bob.send("close others"));
    QCOMPARE(texts(ann), QByteArrayList({"closing"}));
    QCOMPARE(seen, QByteArrayList({"open lobby", "open lobby", "open cellar"}));
    QCOMPARE(ann.send("\xff").error().code(), Error::Invalid);
}

void TestTestSockets::handshake_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("offered");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("agreed");
    QTest::newRow("accepted") << QByteArray("/chat/a?name=x") << QByteArray() << 101 << QByteArray();
    QTest::newRow("subprotocol") << QByteArray("/chat/a?name=x") << QByteArray("chat.1, chat.2") << 101
                                 << QByteArray("chat.2");
    QTest::newRow("refused") << QByteArray("/chat/a") << QByteArray() << 401 << QByteArray();
    QTest::newRow("no route") << QByteArray("/none") << QByteArray() << 404 << QByteArray();
    QTest::newRow("malformed target") << QByteArray("none") << QByteArray() << 400 << QByteArray();
}

void TestTestSockets::handshake()
{
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, offered);
    QFETCH(int, status);
    QFETCH(QByteArray, agreed);
    QByteArrayList seen;
    ::Server chatServer([&](Application &app) { chat(app, seen); });
    TestRequest request{.target = target};
    if (!offered.isEmpty())
        request.headers.append({"Sec-WebSocket-Protocol", offered});
    TestSocket socket = chatServer.harness.webSocket(request);
    QCOMPARE(socket.response().status, status);
    QCOMPARE(socket.response().header("Sec-WebSocket-Protocol"), agreed);
    QCOMPARE(socket.isOpen(), status == 101);
    QCOMPARE(socket.id().isNull(), status != 101);
    QCOMPARE(seen.size(), status == 101 ? 1 : 0);
    if (status != 101)
        QCOMPARE(socket.send("a").error().code(), Error::Unavailable);
    QCOMPARE(chatServer.harness.get("/chat/a").status, 426);
}

void TestTestSockets::subprotocols_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("offered");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArrayList>("seen");
    QTest::newRow("agreed") << QByteArray("/strict") << QByteArray("x, v1,v2") << 101
                            << QByteArrayList({"hook ", "middleware v2", "handshake v2", "open v2"});
    QTest::newRow("the other") << QByteArray("/strict") << QByteArray("v1") << 101
                               << QByteArrayList({"hook ", "middleware v1", "handshake v1", "open v1"});
    QTest::newRow("none agreed") << QByteArray("/strict") << QByteArray("V2") << 400
                                 << QByteArrayList({"hook ", "middleware "});
    QTest::newRow("none offered") << QByteArray("/strict") << QByteArray() << 400
                                  << QByteArrayList({"hook ", "middleware "});
    QTest::newRow("none offered, without a handshake")
        << QByteArray("/plain") << QByteArray() << 400 << QByteArrayList({"hook "});
    QTest::newRow("not required") << QByteArray("/loose") << QByteArray("v3") << 101
                                  << QByteArrayList({"hook ", "open "});
    QTest::newRow("none spoken") << QByteArray("/mute") << QByteArray("v1") << 101
                                 << QByteArrayList({"hook ", "open "});
}

void TestTestSockets::subprotocols()
{
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, offered);
    QFETCH(int, status);
    QFETCH(QByteArrayList, seen);
    QByteArrayList found;
    ::Server live([&](Application &app) {
        const auto opened = [&](const Connection &, const Request &request) {
            found.append("open " + request.subprotocol());
        };
        app.receivedRequest([&](Request &request, Response &) { found.append("hook " + request.subprotocol()); });
        app.webSocket("/strict")
            .subprotocols({"v2", "v1"})
            .requireSubprotocol()
            .use([&](Request &request, Response &, const Next &next) {
                found.append("middleware " + request.subprotocol());
                next();
            })
            .onHandshake(
                [&](const Request &request, Response &) { found.append("handshake " + request.subprotocol()); })
            .onOpen(opened);
        app.webSocket("/plain").subprotocols({"v2", "v1"}).requireSubprotocol().onOpen(opened);
        app.webSocket("/loose").subprotocols({"v2", "v1"}).onOpen(opened);
        app.webSocket("/mute").onOpen(opened);
        app.get("/strict",
                [](const Request &request, Response &response) { response.text('"' + request.subprotocol() + '"'); });
    });
    TestRequest request{.target = target};
    if (!offered.isEmpty())
        request.headers.append({"Sec-WebSocket-Protocol", offered});
    const TestResponse response = live.harness.webSocket(request).response();
    QCOMPARE(response.status, status);
    QCOMPARE(found, seen);
    if (status != 101)
        QVERIFY2(response.body.contains("offer one of v2, v1 in Sec-WebSocket-Protocol"), response.body);
    request.target = "/strict";
    QCOMPARE(live.harness.request(request).body, QByteArray("\"\"")); // no WebSocket has none
}

void TestTestSockets::clientCloses()
{
    QByteArrayList seen;
    ::Server chatServer([&](Application &app) { chat(app, seen); });
    TestSocket socket = chatServer.harness.webSocket({.target = "/chat/lobby?name=ann"});
    socket.close(1001, QStringLiteral("leaving"));
    QVERIFY(!socket.isOpen());
    QCOMPARE(socket.closeReason().code, 1001);
    QCOMPARE(socket.closeReason().closedBy, ClosedBy::Peer);
    QCOMPARE(seen.last(), QByteArray("close ann 1001 leaving 0 not sent"));
    socket.close(); // again
    QCOMPARE(seen.size(), 2);
    QCOMPARE(socket.send("a").error().code(), Error::Unavailable);
}

void TestTestSockets::handlerCloses()
{
    QByteArrayList seen;
    ::Server chatServer([&](Application &app) { chat(app, seen); });
    TestSocket socket = chatServer.harness.webSocket({.target = "/chat/lobby?name=ann"});
    QVERIFY(socket.send("bye"));
    QVERIFY(!socket.isOpen());
    QCOMPARE(socket.closeReason().code, 4000);
    QCOMPARE(socket.closeReason().reason, QStringLiteral("as you wish"));
    QCOMPARE(socket.closeReason().closedBy, ClosedBy::Application);
    QCOMPARE(seen.last(), QByteArray("close ann 4000 as you wish 1 not sent"));
}

void TestTestSockets::exceptions()
{
    QByteArrayList seen;
    ::Server chatServer([&](Application &app) { chat(app, seen); });
    chatServer.harness.setName(QStringLiteral("chat"));
    TestSocket socket = chatServer.harness.webSocket({.target = "/chat/lobby?name=ann"});
    QVERIFY(socket.problem().isNull());
    QVERIFY(socket.send("bad"));
    QCOMPARE(socket.problem(), QStringLiteral("spilt (WebSocket route /chat/:room of plugin chat)"));
    QVERIFY(socket.isOpen());
}

void TestTestSockets::failedOpen()
{
    int others = 0;
    ::Server broken([&](Application &app) {
        app.webSocket("/")
            .onOpen([](const Connection &, const Request &) { throw std::runtime_error("no room"); })
            .onClose([&](const Connection &, const CloseReason &) { ++others; });
    });
    TestSocket socket = broken.harness.webSocket({});
    QVERIFY(!socket.isOpen());
    QCOMPARE(socket.response().status, 101);
    QCOMPARE(socket.closeReason().code, 1011);
    QVERIFY(socket.problem().startsWith(QStringLiteral("no room")));
    QCoreApplication::processEvents();
    QCOMPARE(others, 0);
}

void TestTestSockets::stream()
{
    QByteArrayList seen;
    ::Server chatServer([&](Application &app) { chat(app, seen); });
    TestSocket socket = chatServer.harness.connectStream("telnet");
    QVERIFY(socket.isOpen());
    QVERIFY(socket.send("\xff\n"));
    QCOMPARE(socket.receivedBytes(), QByteArray("hello\n\xff\n"));
    QCOMPARE(server().push(socket.id(), "a").error().code(), Error::Invalid);
    QVERIFY(server().broadcast("all", MessageType::Text, {.port = QStringLiteral("telnet")}));
    QVERIFY(socket.receivedBytes().endsWith("all"));
    QVERIFY(server().close(socket.id(), 17)); // the code of a stream means nothing
    QVERIFY(!socket.isOpen());
    QCOMPARE(socket.closeReason().code, 0);

    TestSocket none = chatServer.harness.connectStream("none");
    QVERIFY(!none.isOpen());
    QVERIFY(none.response().problem().contains(QStringLiteral("app.socket(\"none\")")));
}

void TestTestSockets::packets()
{
    QByteArrayList seen;
    ::Server chatServer([&](Application &app) { chat(app, seen); });
    const auto replies = chatServer.harness.packet("telnet", "ping");
    QVERIFY(replies);
    QCOMPARE(*replies, QList<QByteArray>({"PING"}));
    const QList<TestPacket> sent = chatServer.harness.sentPackets();
    QCOMPARE(sent.size(), 2);
    QCOMPARE(sent[1].payload, QByteArray("copy"));
    QCOMPARE(sent[1].remoteAddress, QStringLiteral("192.0.2.1"));
    QCOMPARE(sent[1].remotePort, quint16(7));
    QCOMPARE(chatServer.harness.packet("none", "ping").error().code(), Error::NotFound);
    const auto bad = chatServer.harness.packet("telnet", "bad");
    QVERIFY(!bad);
    QCOMPARE(bad.error().code(), Error::Internal);
    QCOMPARE(bad.error().message(), QStringLiteral("spilt"));
    QCOMPARE(server().sendTo(QStringLiteral("none"), QStringLiteral("192.0.2.1"), 7, "a").error().code(),
             Error::NotFound);
}

void TestTestSockets::ofAPort()
{
    QByteArrayList seen;
    ::Server chatServer([&](Application &app) { chat(app, seen); });
    QCOMPARE(chatServer.harness.get("/").status, 404);
    chatServer.harness.usePort("ops");
    QCOMPARE(chatServer.harness.get("/").body, QByteArray("ops"));
    QVERIFY(chatServer.harness.webSocket({.target = "/live"}).isOpen());
    QCOMPARE(chatServer.harness.webSocket({.target = "/chat/a?name=x"}).response().status, 404);
    chatServer.harness.usePort("none");
    QVERIFY(chatServer.harness.get("/").problem().contains(QStringLiteral("app.port(\"none\"")));
    chatServer.harness.usePort({});
    QVERIFY(chatServer.harness.webSocket({.target = "/chat/a?name=x"}).isOpen());
}

void TestTestSockets::asksTheServer()
{
    QByteArrayList seen;
    ::Server chatServer([&](Application &app) { chat(app, seen); });
    TestSocket ann = chatServer.harness.webSocket({.target = "/chat/lobby?name=ann"});
    TestSocket telnet = chatServer.harness.connectStream("telnet");
    QVERIFY(server().isEstablished(ann.id()));
    const auto info = server().info(ann.id());
    QVERIFY(info);
    QCOMPARE(info->user, QByteArray("ann"));
    QCOMPARE(info->port, QStringLiteral("main"));
    QCOMPARE(info->kind, ConnectionInfo::Kind::WebSocket);
    QCOMPARE(info->remoteAddress, QStringLiteral("127.0.0.1"));
    const ConnectionPage page = server().connections({}, 1);
    QCOMPARE(page.connections.size(), 1);
    QCOMPARE(page.next, ann.id());
    const ConnectionPage last = server().connections(page.next, 1);
    QCOMPARE(last.connections.first().id, telnet.id());
    QVERIFY(last.next.isNull());
    QCOMPARE(server().stats().liveConnections, quint64(2));
    QCOMPARE(server().stats().workerEvents, quint64(2));
    QStringList names;
    for (const PortInfo &port : server().ports())
        names.append(port.name + QString::number(int(port.kind)));
    QCOMPARE(names, QStringList({QStringLiteral("main0"), QStringLiteral("telnet1"), QStringLiteral("telnet2"),
                                 QStringLiteral("ops0")}));
}

void TestTestSockets::deadIds()
{
    QByteArrayList seen;
    ::Server chatServer([&](Application &app) { chat(app, seen); });
    TestSocket socket = chatServer.harness.webSocket({.target = "/chat/lobby?name=ann"});
    socket.close();
    const ConnectionId id = socket.id();
    QCOMPARE(server().push(id, "a").error().code(), Error::NotFound);
    QCOMPARE(server().send(id, "a").error().code(), Error::NotFound);
    QCOMPARE(server().close(id).error().code(), Error::NotFound);
    QCOMPARE(server().join(id, "a").error().code(), Error::NotFound);
    QCOMPARE(server().leave(id, "a").error().code(), Error::NotFound);
    QCOMPARE(server().bind(id, "a").error().code(), Error::NotFound);
    QCOMPARE(server().info(id).error().code(), Error::NotFound);
    QVERIFY(!server().isEstablished(id));
    QVERIFY(server().pushToRoom("lobby", "a")); // fine if nobody is there
    QVERIFY(server().pushToUser("ann", "a"));
    QVERIFY(socket.received().isEmpty());
    QCOMPARE(server().pushToRoom({}, "a").error().code(), Error::Invalid);
    QCOMPARE(server().broadcast("a", MessageType::Text, {.port = QStringLiteral("none")}).error().code(),
             Error::NotFound);
}

void TestTestSockets::otherThreads()
{
    QThread *home = QThread::currentThread();
    QThread *closedIn = nullptr;
    ::Server live([&](Application &app) {
        app.webSocket("/").onClose(
            [&](const Connection &, const CloseReason &) { closedIn = QThread::currentThread(); });
    });
    TestSocket socket = live.harness.webSocket({});
    std::thread other([id = socket.id()] {
        if (!server().push(id, "from elsewhere") || !server().close(id, 1000))
            qFatal("send");
    });
    QVERIFY(socket.waitForClosed());
    other.join();
    QCOMPARE(texts(socket), QByteArrayList({"from elsewhere"}));
    QTRY_COMPARE(closedIn, home);
}

void TestTestSockets::waits()
{
    ::Server live([](Application &app) {
        app.webSocket("/").onMessage([](const Connection &connection, const Message &message) {
            if (message.payload == "later")
                later(1ms, [connection] { connection.push("now"); });
            else if (message.payload == "end")
                later(1ms, [connection] { connection.close(); });
        });
    });
    TestSocket socket = live.harness.webSocket({});
    QVERIFY(socket.send("later"));
    QVERIFY(socket.received().isEmpty());
    QVERIFY(socket.waitForReceived(1));
    QVERIFY(socket.send("end"));
    QVERIFY(!socket.waitForReceived(2)); // it closes before
    QVERIFY(socket.waitForClosed());

    TestSocket second = live.harness.webSocket({});
    live.harness.setDeadline(20ms);
    QVERIFY(!second.waitForReceived(1));
    QVERIFY(!second.waitForClosed());
}

void TestTestSockets::nestedHarnesses()
{
    const Install install = [](Application &app) { app.webSocket("/"); };
    ::Server outer(install);
    TestSocket socket = outer.harness.webSocket({});
    {
        ::Server inner(install);
        QVERIFY(!server().isEstablished(socket.id()));
    }
    QVERIFY(server().isEstablished(socket.id()));
}

void TestTestSockets::outlivesTheHarness()
{
    std::optional<TestSocket> socket;
    {
        ::Server live([](Application &app) { app.webSocket("/"); });
        socket = live.harness.webSocket({});
        QVERIFY(socket->isOpen());
    }
    QVERIFY(!socket->isOpen());
    QCOMPARE(socket->send("a").error().code(), Error::Unavailable);
    QVERIFY(!socket->waitForReceived(1));
    QCOMPARE(server().broadcast("a").error().code(), Error::Unavailable);
}

QTEST_GUILESS_MAIN(TestTestSockets)
#include "tst_testsockets.moc"
