#include "livesupport.h"

#include <QHostAddress>
#include <QTest>

#include <functional>
#include <thread>

using Call = std::function<Quern::Result<void>(Quern::ConnectionId id)>;
Q_DECLARE_METATYPE(Call)

using namespace Quern;
using namespace WorkerTest;
using ipc::ConnectionKind;
using ipc::Payload;

namespace {

/// "kind id payload except port code name|body"
QByteArray text(const Command &command)
{
    const CommandMessage &message = command.message;
    QByteArrayList words;
    for (const quint64 number : {quint64(message.kind), command.id, quint64(message.payload), message.except,
                                 quint64(message.port), quint64(message.code)})
        words.append(QByteArray::number(number));
    return words.join(' ') + ' ' + command.name + '|' + command.body;
}

} // namespace

/// What handlers ask of the server, as commands that reach the master.
class TestLiveServer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void commandsToOne();
    void commandsToMany();
    void everyReactor();
    void toItsReactor();
    void longBodies_data();
    void longBodies();
    void refused_data();
    void refused();
    void refusedPorts();
    void sendTo_data();
    void sendTo();
    void replies();
    void fromManyThreads();
    void leavesDuringALongHandler();
};

void TestLiveServer::commandsToOne()
{
    LiveMaster master;
    master.ports = somePorts;
    master.start();
    const quint64 socket = master.connection(ConnectionKind::WebSocket, 0);
    const quint64 stream = master.connection(ConnectionKind::Stream, 2);
    const Connection first{ConnectionId(socket)}, second{ConnectionId(stream)};
    QVERIFY(first.push("a"));
    QVERIFY(first.push(QByteArrayView("\xff", 1), MessageType::Binary));
    QVERIFY(first.push(QStringLiteral("\u00e9")));
    QVERIFY(second.send(QByteArrayView("\xff", 1)));
    QVERIFY(first.join("lobby"));
    QVERIFY(first.leave("lobby"));
    QVERIFY(first.bind("ann"));
    QVERIFY(second.bind({}));
    QVERIFY(first.close(4001, QStringLiteral("enough")));
    QVERIFY(second.close(17, QStringLiteral("bye")));
    QVERIFY(first.close(1000, QString(100, QChar(0xe9)))); // cut between two characters
    const QByteArray a = QByteArray::number(socket), b = QByteArray::number(stream);
    QByteArrayList texts;
    const QList<Command> commands = master.awaitCommands(11);
    for (const Command &each : commands)
        texts.append(text(each));
    QCOMPARE(texts, QByteArrayList({"1 " + a + " 1 0 65535 0 |a", "1 " + a + " 2 0 65535 0 |\xff",
                                    "1 " + a + " 1 0 65535 0 |\xc3\xa9", "1 " + b + " 3 0 65535 0 |\xff",
                                    "3 " + a + " 1 0 65535 0 lobby|", "4 " + a + " 1 0 65535 0 lobby|",
                                    "5 " + a + " 1 0 65535 0 ann|", "5 " + b + " 1 0 65535 0 |",
                                    "2 " + a + " 1 0 65535 4001 |enough", "2 " + b + " 1 0 65535 0 |bye",
                                    "2 " + a + " 1 0 65535 1000 |" + QByteArray("\xc3\xa9").repeated(61)}));
}

void TestLiveServer::commandsToMany()
{
    LiveMaster master;
    master.ports = somePorts;
    master.start();
    Server &all = server();
    QVERIFY(all.broadcast("a"));
    QVERIFY(all.broadcast("b", MessageType::Binary, {.except = ConnectionId(7)}));
    QVERIFY(all.broadcast("c", MessageType::Text, {.port = QStringLiteral("main")}));
    QVERIFY(all.broadcast("\xff", MessageType::Text, {.port = QStringLiteral("telnet"), .except = ConnectionId(8)}));
    QVERIFY(all.pushToRoom("lobby", "d", MessageType::Text, ConnectionId(9)));
    QVERIFY(all.pushToUser("ann", "e", MessageType::Binary));
    QByteArrayList texts;
    const QList<Command> commands = master.awaitCommands(7);
    for (const Command &each : commands)
        texts.append(text(each));
    QCOMPARE(texts, QByteArrayList({"6 0 1 0 65535 0 |a", "6 0 2 7 65535 0 |b", "6 0 1 0 0 0 |c", "6 0 1 0 1 0 |c",
                                    "6 0 3 8 2 0 |\xff", "7 0 1 9 65535 0 lobby|d", "8 0 2 0 65535 0 ann|e"}));
}

void TestLiveServer::everyReactor()
{
    LiveMaster master(3);
    master.start();
    QVERIFY(server().broadcast("a"));
    QVERIFY(server().pushToRoom("r", "b"));
    QVERIFY(server().pushToUser("u", "c"));
    for (size_t reactor = 0; reactor < 3; ++reactor)
        QCOMPARE(master.awaitCommands(3, reactor).size(), 3);
}

void TestLiveServer::toItsReactor()
{
    LiveMaster master(3);
    master.start();
    QVERIFY(server().push(ConnectionId(master.connection(ConnectionKind::WebSocket, 0, 2)), "a"));
    QCOMPARE(master.awaitCommands(1, 2).size(), 1);
    QVERIFY(master.commands(0).isEmpty() && master.commands(1).isEmpty());
}

void TestLiveServer::longBodies_data()
{
    QTest::addColumn<qsizetype>("size");
    QTest::addColumn<qsizetype>("parts");
    QTest::newRow("empty") << qsizetype(0) << qsizetype(0);
    QTest::newRow("one part") << ipc::MaxBodyPart << qsizetype(0);
    QTest::newRow("one byte more") << ipc::MaxBodyPart + 1 << qsizetype(1);
    QTest::newRow("many parts") << 20 * ipc::MaxBodyPart << qsizetype(19);
}

void TestLiveServer::longBodies()
{
    QFETCH(qsizetype, size);
    QFETCH(qsizetype, parts);
    LiveMaster master;
    master.start();
    const quint64 id = master.connection();
    QByteArray body(size, Qt::Uninitialized);
    for (qsizetype i = 0; i < size; ++i)
        body[i] = char(i * 31 + i / 251);
    QVERIFY(server().push(ConnectionId(id), body, MessageType::Binary));
    QVERIFY(server().push(ConnectionId(id), "next"));
    const QList<Command> commands = master.awaitCommands(2);
    QCOMPARE(commands.size(), 2);
    QVERIFY(commands[0].body == body);
    QCOMPARE(commands[1].body, QByteArray("next"));
    qsizetype found = 0;
    const QList<Reply> replies = master.wires[0]->replies();
    for (const Reply &each : replies) {
        found += each.type == FrameType::CommandBody ? 1 : 0;
        QVERIFY(each.payload.size() <= ipc::MaxBodyPart + ipc::CommandHeaderSize);
    }
    QCOMPARE(found, parts);
}

void TestLiveServer::refused_data()
{
    QTest::addColumn<int>("place"); // of the connection: 0 a WebSocket, 1 a stream, 2 a slow stream, 3 none
    QTest::addColumn<Call>("call");
    QTest::addColumn<int>("code");
    const auto row = [](const char *name, int place, const Call &call, Error::Code code) {
        QTest::newRow(name) << place << call << int(code);
    };
    row(
        "push to a stream", 1, [](ConnectionId id) { return server().push(id, "a"); }, Error::Invalid);
    row(
        "send to a WebSocket", 0, [](ConnectionId id) { return server().send(id, "a"); }, Error::Invalid);
    row(
        "text that is no UTF-8", 0, [](ConnectionId id) { return server().push(id, "\xc3"); }, Error::Invalid);
    row(
        "longer than the port takes", 0, [](ConnectionId id) { return server().push(id, QByteArray(100'001, 'x')); },
        Error::TooLarge);
    row(
        "longer than its own port takes", 1, [](ConnectionId id) { return server().send(id, QByteArray(1001, 'x')); },
        Error::TooLarge);
    row(
        "slow client", 2, [](ConnectionId id) { return server().send(id, "a"); }, Error::Busy);
    row(
        "long room", 0, [](ConnectionId id) { return server().join(id, QByteArray(129, 'r')); }, Error::Invalid);
    row(
        "no room", 0, [](ConnectionId id) { return server().leave(id, {}); }, Error::Invalid);
    row(
        "long user", 0, [](ConnectionId id) { return server().bind(id, QByteArray(65, 'u')); }, Error::Invalid);
    for (const int code : {-1, 0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65536 + 1000})
        row(
            "close code " + QByteArray::number(code), 0, [code](ConnectionId id) { return server().close(id, code); },
            Error::Invalid);
    const std::initializer_list<std::pair<const char *, Call>> calls = {
        {"push", [](ConnectionId id) { return server().push(id, "a"); }},
        {"send", [](ConnectionId id) { return server().send(id, "a"); }},
        {"close", [](ConnectionId id) { return server().close(id); }},
        {"join", [](ConnectionId id) { return server().join(id, "r"); }},
        {"leave", [](ConnectionId id) { return server().leave(id, "r"); }},
        {"bind", [](ConnectionId id) { return server().bind(id, "u"); }},
        {"info",
         [](ConnectionId id) {
             const auto info = server().info(id);
             return info ? Result<void>() : Result<void>(info.error());
         }},
    };
    for (const auto &[name, call] : calls)
        row(QByteArray(name) + " to one that has gone", 3, call, Error::NotFound);
    row(
        "message to a room that no port takes", 0,
        [](ConnectionId) { return server().pushToRoom("r", QByteArray(100'001, 'x')); }, Error::TooLarge);
    row(
        "message to a user that is no UTF-8", 0, [](ConnectionId) { return server().pushToUser("u", "\xff"); },
        Error::Invalid);
    row(
        "message to nobody's name", 0, [](ConnectionId) { return server().pushToUser({}, "a"); }, Error::Invalid);
    row(
        "broadcast that is no UTF-8", 0, [](ConnectionId) { return server().broadcast("\xff"); }, Error::Invalid);
    row(
        "broadcast that no port takes", 0, [](ConnectionId) { return server().broadcast(QByteArray(100'001, 'x')); },
        Error::TooLarge);
}

void TestLiveServer::refused()
{
    QFETCH(int, place);
    QFETCH(Call, call);
    QFETCH(int, code);
    LiveMaster master;
    master.ports = somePorts;
    master.start();
    const QList<quint64> ids = {master.connection(), master.connection(ConnectionKind::Stream, 2),
                                master.connection(ConnectionKind::Stream, 2, 0, 501),
                                ipc::ConnectionKey{9, 0, 0, 2}.id()};
    const Result<void> result = call(ConnectionId(ids[place]));
    QVERIFY(!result);
    QCOMPARE(int(result.error().code()), code);
    QVERIFY(!result.error().message().isEmpty());
    // Nothing was sent: the next command is the first, behind the wish to hear when there is room.
    const qsizetype wishes = code == Error::Busy ? 1 : 0;
    QVERIFY(server().push(ConnectionId(ids[0]), "next"));
    const QList<Command> commands = master.awaitCommands(wishes + 1);
    QCOMPARE(commands.size(), wishes + 1);
    QCOMPARE(commands[wishes].body, QByteArray("next"));
}

void TestLiveServer::refusedPorts()
{
    LiveMaster master;
    master.ports = somePorts;
    master.start();
    const auto broadcast = [](const QString &port, const QByteArray &message) {
        const Result<void> result = server().broadcast(message, MessageType::Text, {.port = port});
        return result ? -1 : int(result.error().code());
    };
    QCOMPARE(broadcast(QStringLiteral("none"), "a"), int(Error::NotFound));
    QCOMPARE(broadcast(QStringLiteral("udp"), "a"), int(Error::Invalid));
    QCOMPARE(broadcast(QStringLiteral("telnet"), QByteArray(1001, 'a')), int(Error::TooLarge));
    QCOMPARE(broadcast(QStringLiteral("main"), "\xff"), int(Error::Invalid));
}

void TestLiveServer::sendTo_data()
{
    QTest::addColumn<QString>("port");
    QTest::addColumn<QString>("address");
    QTest::addColumn<quint16>("remotePort");
    QTest::addColumn<qsizetype>("size");
    QTest::addColumn<int>("code"); // -1: it is sent
    const auto row = [](const char *name, const char *port, const char *address, quint16 remotePort, qsizetype size,
                        int code) {
        QTest::newRow(name) << QString::fromUtf8(port) << QString::fromUtf8(address) << remotePort << size << code;
    };
    row("IPv4", "udp", "192.0.2.1", 9, 3, -1);
    row("IPv6", "udp6", "2001:db8::1", 9, 3, -1);
    row("IPv6, unspecified", "udp6", "::", 9, 3, -1);
    row("IPv6 by IPv4", "udp", "::1", 9, 3, Error::Invalid);
    row("IPv4 by IPv6", "udp6", "192.0.2.1", 9, 3, Error::Invalid);
    row("IPv4, written as IPv6", "udp", "::ffff:192.0.2.1", 9, 3, -1);
    row("IPv4, written as IPv6, by IPv6", "udp6", "::ffff:192.0.2.1", 9, 3, Error::Invalid);
    row("IPv4 by an entry with both", "both", "192.0.2.1", 9, 3, -1);
    row("IPv6 by an entry with both", "both", "2001:db8::1", 9, 3, -1);
    row("longest", "udp", "192.0.2.1", 9, 65507, -1);
    row("one byte too long", "udp", "192.0.2.1", 9, 65508, Error::TooLarge);
    row("path", "paths", "/run/b.sock", 0, 3, -1);
    row("too long for its port", "paths", "/run/b.sock", 0, 101, Error::TooLarge);
    row("no such port", "none", "192.0.2.1", 9, 3, Error::NotFound);
    row("no datagram port", "telnet", "192.0.2.1", 9, 3, Error::NotFound);
    row("name of a host", "udp", "example.org", 9, 3, Error::Invalid);
    row("port 0", "udp", "192.0.2.1", 0, 3, Error::Invalid);
    row("path by UDP", "udp", "/run/b.sock", 9, 3, Error::Invalid);
    row("address by a path", "paths", "192.0.2.1", 9, 3, Error::Invalid);
    row("path too long", "paths", ("/" + QByteArray(107, 'x')).constData(), 0, 3, Error::Invalid);
    row("longest path", "paths", ("/" + QByteArray(106, 'x')).constData(), 0, 3, -1);
}

void TestLiveServer::sendTo()
{
    QFETCH(QString, port);
    QFETCH(QString, address);
    QFETCH(quint16, remotePort);
    QFETCH(qsizetype, size);
    QFETCH(int, code);
    LiveMaster master;
    master.ports = somePorts;
    master.start();
    const Result<void> result = server().sendTo(port, address, remotePort, QByteArray(size, 'x'));
    QCOMPARE(result ? -1 : int(result.error().code()), code);
    if (remotePort == 0 && port == u"udp")
        QVERIFY(result.error().message().contains(QStringLiteral("cannot send to port 0 of")));
    if (code >= 0)
        return;
    const QList<Command> commands = master.awaitCommands(1);
    QCOMPARE(commands.size(), 1);
    QCOMPARE(commands[0].message.kind, CommandKind::SendPacket);
    const bool isIPv6 = QHostAddress(address).protocol() == QAbstractSocket::IPv6Protocol && !address.contains(u'.');
    const bool fits = somePorts[commands[0].message.port].address.startsWith(u'[') == isIPv6;
    QVERIFY(fits);
    QCOMPARE(somePorts[commands[0].message.port].name, port);
    QCOMPARE(commands[0].body, QByteArray(size, 'x'));
    const auto peer = ipc::PacketPeer::decode(commands[0].name);
    QVERIFY(peer);
    QCOMPARE(peer->address, address.toUtf8().replace("::ffff:", ""));
    QCOMPARE(peer->port, remotePort);
}

void TestLiveServer::replies()
{
    LiveMaster master(2);
    master.ports = somePorts;
    std::function<Result<void>(QByteArrayView)> kept;
    QList<int> codes;
    master.application.socket("telnet").onPacket([&](const Datagram &datagram) {
        const Result<void> replied = datagram.reply("pong");
        codes.append(replied ? -1 : int(replied.error().code()));
        const Result<void> tooLong = datagram.reply(QByteArray(70'000, 'x'));
        codes.append(tooLong ? -1 : int(tooLong.error().code()));
        if (datagram.canReply())
            kept = datagram.replier();
    });
    master.start();
    EventMessage packet;
    packet.kind = EventKind::Packet;
    packet.port = 3;
    const QByteArray peer = ipc::PacketPeer{"192.0.2.9", 53}.encode();
    packet.name = peer;
    master.event(0, packet, "ping", 1);
    QVERIFY(master.awaitDone(1));
    const QByteArray nobody = ipc::PacketPeer{}.encode();
    packet.name = nobody;
    master.event(0, packet, "ping", 1);
    QVERIFY(master.awaitDone(1));
    QCOMPARE(codes, QList<int>({-1, Error::TooLarge, Error::Unavailable, Error::Unavailable}));
    std::thread([&] {
        if (!kept("later"))
            qFatal("reply");
    }).join();
    const QList<Command> commands = master.awaitCommands(2, 1);
    QCOMPARE(commands.size(), 2);
    QCOMPARE(commands[0].name, peer);
    QCOMPARE(commands[0].body, QByteArray("pong"));
    QCOMPARE(commands[1].body, QByteArray("later"));
    QCOMPARE(commands[1].message.port, quint16(3));
}

void TestLiveServer::fromManyThreads()
{
    LiveMaster master;
    master.start();
    const quint64 id = master.connection();
    constexpr int threads = 4, messages = 300;
    std::vector<std::jthread> senders;
    for (int thread = 0; thread < threads; ++thread) {
        senders.emplace_back([id, thread] {
            for (int i = 0; i < messages; ++i) {
                // Some are longer than one frame.
                QByteArray body = QByteArray::number(thread) + ' ' + QByteArray::number(i) + ' ';
                body += QByteArray(i % 10 == 0 ? 150'000 : 10, char('a' + thread));
                Result<void> sent;
                do {
                    sent = server().push(ConnectionId(id), body);
                } while (!sent && sent.error().code() == Error::Busy);
                if (!sent)
                    qFatal("%s", qUtf8Printable(sent.error().message()));
            }
        });
    }
    // Whoever was told to wait has asked to hear when there is room, too.
    QList<Command> commands;
    QVERIFY(FakeMaster::turnUntil([&] {
        commands = master.awaitCommands(threads * messages);
        commands.removeIf([](const Command &command) { return command.message.kind != CommandKind::Send; });
        return commands.size() == threads * messages &&
               commands.last().body.size() == commands.last().message.bodyLength;
    }));
    senders.clear();
    QList<int> next(threads, 0);
    for (const Command &command : commands) {
        const QByteArrayList words = command.body.split(' ');
        QCOMPARE(words.size(), 3);
        const int thread = words[0].toInt();
        QCOMPARE(words[1].toInt(), next[thread]++); // each thread's in its order
        QCOMPARE(words[2].count(char('a' + thread)), words[2].size());
    }
}

void TestLiveServer::leavesDuringALongHandler()
{
    LiveMaster master;
    const quint64 id = master.connection();
    bool arrived = false;
    master.application.webSocket("/live").onMessage([&](const Connection &connection, const Message &) {
        if (!connection.push("during"))
            qFatal("push");
        const QDeadlineTimer deadline(10'000);
        while (!arrived && !deadline.hasExpired())
            arrived = !master.commands().isEmpty();
    });
    master.start();
    master.event(id, EventKind::Text, "a");
    QVERIFY(master.awaitDone());
    QVERIFY(arrived);
}

QUERN_EPOLL_TEST_MAIN(TestLiveServer)
#include "tst_liveserver.moc"
