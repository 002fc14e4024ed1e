#include "livesupport.h"

#include <QRegularExpression>
#include <QTest>

#include <stdexcept>

using namespace Quern;
using namespace WorkerTest;

namespace {

QByteArray line(const Connection &connection, const QByteArray &what)
{
    return QByteArray::number(connection.id().value()) + ' ' + what;
}

/// A WebSocket route, and a socket handler behind it, that write down what they are called for.
void install(Application &app, QList<QByteArray> &seen)
{
    const auto note = [&seen](const QByteArray &what) {
        return [&seen, what](const Connection &connection) { seen.append(line(connection, what)); };
    };
    const auto closed = [&seen](const Connection &connection, const CloseReason &reason) {
        seen.append(line(connection, "close " + QByteArray::number(reason.code) + ' ' + reason.reason.toUtf8() + ' ' +
                                         QByteArray::number(int(reason.closedBy))));
    };
    app.webSocket("/live")
        .onOpen([&seen](const Connection &connection, const Request &request) {
            seen.append(line(connection, "open " + request.target().toByteArray()));
        })
        .onMessage([&seen](const Connection &connection, const Message &message) {
            seen.append(line(connection, (message.isText() ? "text " : "binary ") + message.toByteArray()));
        })
        .onClose(closed)
        .onBufferFull(note("full"))
        .onBufferEmpty(note("empty"));
    app.socket("telnet")
        .onConnect(note("connect"))
        .onReceive([&seen](const Connection &connection, QByteArrayView bytes) {
            seen.append(line(connection, "bytes " + bytes.toByteArray() + ' ' + connection.user()));
        })
        .onClose(closed)
        .onPacket([&seen](const Datagram &datagram) {
            seen.append("packet " + datagram.payload().toByteArray() + ' ' + datagram.remoteAddress().toUtf8() + ' ' +
                        QByteArray::number(datagram.remotePort()));
        });
}

} // namespace

/// Events of connections, through the host that calls their handlers.
class TestLiveHost : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyEvent();
    void bodyInParts_data();
    void bodyInParts();
    void moreBodyThanAnnounced();
    void closedGate();
    void doneBehindTheCommands();
    void oneDoneForABatch();
    void doneAfterALongHandler();
    void currentHandlerIsKnown();
    void countedApartFromRequests();
    void exceptionIsSurvived();
    void failedOpenEndsTheConnection_data();
    void failedOpenEndsTheConnection();
    void theUserIsKnownAtOnce();
    void unknownRoute();
    void nestedLoop();
};

void TestLiveHost::everyEvent()
{
    LiveMaster master;
    QList<QByteArray> seen;
    install(master.application, seen);
    master.start();
    const quint64 opened = master.handshake();
    QVERIFY(master.answer(opened).startsWith("200 "));
    master.event(7, EventKind::Open, LiveMaster::openBody(opened));
    master.event(7, EventKind::Text, "a");
    master.event(7, EventKind::Binary, QByteArray("\0b", 2));
    master.event(7, EventKind::BufferFull);
    master.event(7, EventKind::BufferEmpty);
    EventMessage close;
    close.kind = EventKind::Close;
    close.code = 1001;
    close.closer = ipc::Closer::Server;
    master.event(7, close, "bye");
    master.event(8, EventKind::Connect, {}, 1);
    EventMessage bytes;
    bytes.kind = EventKind::Bytes;
    bytes.route = 1;
    bytes.name = "ann";
    master.event(8, bytes, "xyz");
    close.route = 1;
    close.code = 0;
    close.closer = ipc::Closer::Peer;
    master.event(8, close);
    EventMessage packet;
    packet.kind = EventKind::Packet;
    packet.route = 1;
    const QByteArray peer = ipc::PacketPeer{"192.0.2.9", 53}.encode();
    packet.name = peer;
    master.event(0, packet, "ping");
    QVERIFY(master.awaitDone());
    QCOMPARE(seen, QList<QByteArray>({"7 open /live", "7 text a", QByteArray("7 binary \0b", 11), "7 full", "7 empty",
                                      "7 close 1001 bye 2", "8 connect", "8 bytes xyz ann", "8 close 0  0",
                                      "packet ping 192.0.2.9 53"}));
    QCOMPARE(ipc::EventGate(master.page, 0).begun(), master.sequences[0]);
}

void TestLiveHost::bodyInParts_data()
{
    QTest::addColumn<qsizetype>("size");
    QTest::addColumn<qsizetype>("firstPart");
    QTest::newRow("nothing") << qsizetype(0) << ipc::MaxBodyPart;
    QTest::newRow("all in the second part") << qsizetype(100) << qsizetype(0);
    QTest::newRow("one part exactly") << ipc::MaxBodyPart << ipc::MaxBodyPart;
    QTest::newRow("one byte more") << ipc::MaxBodyPart + 1 << ipc::MaxBodyPart;
    QTest::newRow("many parts") << 50 * ipc::MaxBodyPart + 17 << ipc::MaxBodyPart;
}

void TestLiveHost::bodyInParts()
{
    QFETCH(qsizetype, size);
    QFETCH(qsizetype, firstPart);
    LiveMaster master;
    QByteArray got = "none";
    master.application.webSocket("/live").onMessage(
        [&got](const Connection &, const Message &message) { got = message.toByteArray(); });
    master.start();
    QByteArray body(size, Qt::Uninitialized);
    for (qsizetype i = 0; i < size; ++i)
        body[i] = char(i * 31 + i / 251);
    EventMessage message;
    message.kind = EventKind::Binary;
    master.wires[0]->put(master.encodeEvent(7, message, body, 0, firstPart));
    QVERIFY(master.awaitDone());
    QVERIFY(got == body);
}

void TestLiveHost::moreBodyThanAnnounced()
{
    LiveMaster master;
    QList<QByteArray> seen;
    install(master.application, seen);
    master.start();
    EventMessage message;
    message.kind = EventKind::Text;
    master.wires[0]->put(master.encodeEvent(7, message, "whole") + FakeMaster::frame(FrameType::EventBody, 7, "x"));
    QTest::ignoreMessage(QtCriticalMsg, "an event of connection 7 has more body than it announced");
    master.event(7, EventKind::Text, "next");
    QVERIFY(master.awaitDone());
    QCOMPARE(seen, QList<QByteArray>({"7 text whole", "7 text next"}));
}

void TestLiveHost::closedGate()
{
    LiveMaster master;
    QList<QByteArray> seen;
    ipc::EventGate gate(master.page, 0);
    quint64 begun = 0;
    master.application.webSocket("/live").onMessage([&](const Connection &connection, const Message &message) {
        seen.append(line(connection, message.toByteArray()));
        begun = gate.close(); // as if the master took back what it had sent
    });
    master.application.get("/", [](const Request &, Response &) {});
    master.start();
    master.wires[0]->put(master.encodeTexts(7, {"a", "b", "c"}));
    QCOMPARE(master.answer(master.request({})), QByteArray("200 |")); // behind them all
    QCOMPARE(begun, quint64(1));
    QCOMPARE(seen, QList<QByteArray>({"7 a"}));
    QVERIFY(master.reply(1, FrameType::EventsDone));
    QVERIFY(!master.reply(2, FrameType::EventsDone));
    QVERIFY(!master.reply(3, FrameType::EventsDone));
}

void TestLiveHost::doneBehindTheCommands()
{
    LiveMaster master;
    const quint64 id = master.connection();
    master.application.webSocket("/live").onMessage([](const Connection &connection, const Message &message) {
        if (!connection.push(message.payload))
            qFatal("push");
    });
    master.start();
    master.wires[0]->put(master.encodeTexts(id, {"a", "b"}));
    QVERIFY(master.awaitDone());
    QList<FrameType> order;
    const QList<Reply> replies = master.wires[0]->replies();
    for (const Reply &each : replies)
        order.append(each.type);
    QVERIFY(order.lastIndexOf(FrameType::Command) < order.lastIndexOf(FrameType::EventsDone));
    QCOMPARE(order.count(FrameType::Command), 2);
}

void TestLiveHost::oneDoneForABatch()
{
    LiveMaster master;
    master.application.webSocket("/live").onMessage([](const Connection &, const Message &) {});
    master.start();
    QByteArray bytes;
    EventMessage message;
    message.kind = EventKind::Text;
    for (int i = 0; i < 200; ++i)
        bytes += master.encodeEvent(7, message, "a");
    master.wires[0]->put(bytes);
    QVERIFY(master.awaitDone());
    qsizetype dones = 0;
    const QList<Reply> replies = master.wires[0]->replies();
    for (const Reply &each : replies)
        dones += each.type == FrameType::EventsDone ? 1 : 0;
    QVERIFY2(dones < 20, QByteArray::number(dones)); // on a slow machine one may have taken a millisecond
}

void TestLiveHost::doneAfterALongHandler()
{
    LiveMaster master;
    bool wasDone = false;
    master.application.webSocket("/live").onMessage([&](const Connection &, const Message &message) {
        if (message.payload == "long") {
            computeFor(std::chrono::milliseconds(3));
        } else {
            // The thread that reads for the master sees it while this handler keeps the loop.
            const QDeadlineTimer deadline(10'000);
            while (!wasDone && !deadline.hasExpired())
                wasDone = master.reply(1, FrameType::EventsDone).has_value();
        }
    });
    master.start();
    master.wires[0]->put(master.encodeTexts(7, {"long", "next"}));
    QVERIFY(master.awaitDone());
    QVERIFY(wasDone);
}

void TestLiveHost::currentHandlerIsKnown()
{
    LiveMaster master;
    std::optional<ipc::ClaimRing::Running> within;
    quint32 slot = 0;
    master.application.get("/", [](const Request &, Response &) {});
    master.application.webSocket("/live").onMessage([&](const Connection &, const Message &) {
        within = master.rings[0]->running();
        slot = master.counters().currentSlot;
    });
    master.start();
    master.event(77, EventKind::Text, "a", 1);
    QVERIFY(master.awaitDone());
    QVERIFY(within);
    QCOMPARE(slot, ipc::EventSlot);
    QCOMPARE(within->route, 1u);
    QCOMPARE(within->requestId, quint64(77));
    QVERIFY(within->claimedNs > 0 && within->sinceNs == within->claimedNs);
    QVERIFY(!master.rings[0]->running());
}

void TestLiveHost::countedApartFromRequests()
{
    LiveMaster master;
    QList<QByteArray> seen;
    install(master.application, seen);
    master.start();
    master.event(7, EventKind::Text, "a");
    master.event(7, EventKind::Text, "b");
    QVERIFY(master.awaitDone());
    QCOMPARE(master.counters().events.load(), quint64(2));
    QCOMPARE(master.counters().requests.load(), quint64(0));
    QCOMPARE(master.counters().handlerNs.load(), quint64(0));
    QCOMPARE(server().stats().workerEvents, quint64(2));
}

void TestLiveHost::exceptionIsSurvived()
{
    LiveMaster master;
    QList<QByteArray> seen;
    master.registered.plugin = QStringLiteral("shop");
    master.application.webSocket("/live").onMessage([&seen](const Connection &, const Message &message) {
        seen.append(message.toByteArray());
        if (message.payload == "bad")
            throw std::runtime_error("spilt");
        if (message.payload == "worse")
            throw 5;
    });
    master.start();
    QTest::ignoreMessage(QtCriticalMsg,
                         "a handler of WebSocket route /live of plugin shop threw for connection 7: spilt");
    QTest::ignoreMessage(QtCriticalMsg, "a handler of WebSocket route /live of plugin shop threw for connection 7: an "
                                        "exception that is no std::exception");
    master.event(7, EventKind::Text, "bad");
    master.event(7, EventKind::Text, "worse");
    master.event(7, EventKind::Text, "good");
    QVERIFY(master.awaitDone());
    QCOMPARE(seen, QList<QByteArray>({"bad", "worse", "good"}));
    QVERIFY(master.commands().isEmpty());
    QVERIFY(!master.rings[0]->running());
}

void TestLiveHost::failedOpenEndsTheConnection_data()
{
    QTest::addColumn<bool>("isStream");
    QTest::newRow("WebSocket") << false;
    QTest::newRow("stream") << true;
}

void TestLiveHost::failedOpenEndsTheConnection()
{
    QFETCH(bool, isStream);
    LiveMaster master;
    int others = 0;
    const auto fail = [] { throw std::runtime_error("no room"); };
    const auto count = [&others](const auto &...) { ++others; };
    if (isStream)
        master.application.socket("s")
            .onConnect([fail](const Connection &) { fail(); })
            .onReceive(count)
            .onClose(count);
    else
        master.application.webSocket("/live")
            .onOpen([fail](const Connection &, const Request &) { fail(); })
            .onMessage(count)
            .onClose(count);
    master.start();
    QByteArray body;
    if (!isStream) {
        const quint64 opened = master.handshake();
        QVERIFY(master.awaitReply(opened));
        body = LiveMaster::openBody(opened);
    }
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(QStringLiteral("threw for connection 7: no room$")));
    master.event(7, isStream ? EventKind::Connect : EventKind::Open, body);
    master.event(7, isStream ? EventKind::Bytes : EventKind::Text, "x");
    master.event(7, EventKind::Close);
    QVERIFY(master.awaitDone());
    const QList<Command> commands = master.awaitCommands(1);
    QCOMPARE(commands.size(), 1);
    QCOMPARE(commands[0].id, quint64(7));
    QCOMPARE(commands[0].message.kind, CommandKind::Close);
    QCOMPARE(commands[0].message.code, quint16(isStream ? 0 : 1011));
    QCOMPARE(others, 0);
    // A later connection is served as ever, whatever number it has.
    master.event(7, isStream ? EventKind::Bytes : EventKind::Text, "x");
    QVERIFY(master.awaitDone());
    QCOMPARE(others, 1);
}

void TestLiveHost::theUserIsKnownAtOnce()
{
    LiveMaster master;
    QByteArrayList seen;
    master.application.webSocket("/live").onMessage([&](const Connection &connection, const Message &message) {
        seen.append(message.toByteArray() + ' ' + connection.user());
        if (!connection.bind(message.payload))
            qFatal("bind");
    });
    master.start();
    const quint64 id = master.connection();
    // The first two were sent before the reactor had carried out anything, the third behind the first command.
    quint32 binds = 0;
    for (const char *const text : {"ann", "bob", "eve"}) {
        EventMessage message;
        message.binds = binds == 2 ? 1 : 0;
        message.name = binds == 2 ? QByteArrayView("ann") : QByteArrayView();
        master.event(id, message, text);
        ++binds;
    }
    EventMessage last;
    last.binds = 3;
    last.name = "zoe"; // somebody else has bound it since
    master.event(id, last, "end");
    QVERIFY(master.awaitDone());
    QCOMPARE(seen, QByteArrayList({"ann ", "bob ann", "eve bob", "end zoe"}));
}

void TestLiveHost::unknownRoute()
{
    LiveMaster master;
    master.application.get("/", [](const Request &, Response &) {});
    master.start();
    for (const quint32 route : {0u, 1u, 0xffffffffu}) {
        QTest::ignoreMessage(QtCriticalMsg, "an event of connection 7 is for route " + QByteArray::number(route) +
                                                " which takes no events: it is dropped");
        master.event(7, EventKind::Text, "a", route);
    }
    QVERIFY(master.awaitDone());
}

void TestLiveHost::nestedLoop()
{
    // While a handler spins an event loop, events of the same reactor wait, and those of another are handled.
    LiveMaster master(2);
    QList<QByteArray> seen;
    master.application.webSocket("/live").onMessage([&](const Connection &, const Message &message) {
        seen.append("begin " + message.toByteArray());
        if (message.payload == "outer") {
            EventMessage other;
            other.kind = EventKind::Text;
            master.event(7, other, "same reactor", 0);
            master.event(8, other, "other reactor", 1);
            FakeMaster::turnUntil([&] { return seen.contains("end other reactor"); });
            if (master.counters().currentRequest != 7)
                qFatal("the outer handler is not the current one");
        }
        seen.append("end " + message.toByteArray());
    });
    master.start();
    master.event(7, EventKind::Text, "outer");
    QVERIFY(master.turnUntil([&] { return seen.contains("end same reactor"); }));
    QVERIFY(master.awaitDone(0));
    QVERIFY(master.awaitDone(1));
    QCOMPARE(seen, QList<QByteArray>({"begin outer", "begin other reactor", "end other reactor", "end outer",
                                      "begin same reactor", "end same reactor"}));
}

QUERN_EPOLL_TEST_MAIN(TestLiveHost)
#include "tst_livehost.moc"
