#include "ipc/livemessages.h"

#include <QTest>

#include <functional>

using namespace Quern;
using ipc::CommandMessage;
using ipc::EventMessage;

namespace {

EventMessage sampleEvent()
{
    EventMessage message;
    message.kind = ipc::EventKind::Close;
    message.sequence = 0x1112131415161718;
    message.bodyLength = 300;
    message.route = 5;
    message.binds = 6;
    message.code = 1001;
    message.port = 2;
    message.closer = ipc::Closer::Server;
    message.name = "ann";
    message.bodyPart = "part";
    return message;
}

CommandMessage sampleCommand()
{
    CommandMessage message;
    message.kind = ipc::CommandKind::SendToRoom;
    message.payload = ipc::Payload::Binary;
    message.except = 0x1112131415161718;
    message.bodyLength = 300;
    message.code = 1000;
    message.port = 3;
    message.name = "lobby";
    message.bodyPart = "part";
    return message;
}

QByteArray payloadOf(const EventMessage &message)
{
    QByteArray bytes;
    ipc::appendEvent(bytes, 7, message);
    return bytes.sliced(ipc::FrameHeaderSize);
}

QByteArray payloadOf(const CommandMessage &message)
{
    QByteArray bytes;
    ipc::appendCommand(bytes, 7, message);
    return bytes.sliced(ipc::FrameHeaderSize);
}

} // namespace

class TestLiveMessages : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void goldenBytes();
    void eventRoundTrip();
    void commandRoundTrip();
    void everyTruncation();
    void refused_data();
    void refused();
    void packetPeer_data();
    void packetPeer();
    void packetPeerCutShort();
};

void TestLiveMessages::goldenBytes()
{
    QByteArray bytes;
    ipc::appendEvent(bytes, 0x0102030405060708, sampleEvent());
    QCOMPARE(bytes.toHex(), QByteArray::fromHex("23000000 1200 0000 0807060504030201"
                                                "1817161514131211 2c010000 05000000 06000000 0300 e903 07 02 02 00"
                                                "616e6e 70617274")
                                .toHex());
    bytes.clear();
    ipc::appendCommand(bytes, 0x0102030405060708, sampleCommand());
    QCOMPARE(bytes.toHex(), QByteArray::fromHex("21000000 1500 0000 0807060504030201"
                                                "1817161514131211 2c010000 0500 e803 0300 07 02 00000000"
                                                "6c6f626279 70617274")
                                .toHex());
    // The rest of a body, and how far a worker has come.
    bytes.clear();
    ipc::appendFrame(bytes, ipc::FrameType::EventBody, 0, 1, QByteArrayView("x"));
    ipc::appendFrame(bytes, ipc::FrameType::EventsDone, 0, 9, QByteArrayView());
    ipc::appendFrame(bytes, ipc::FrameType::CommandBody, 0, 1, QByteArrayView("y"));
    QCOMPARE(bytes.toHex(), QByteArray::fromHex("01000000 1300 0000 0100000000000000 78"
                                                "00000000 1400 0000 0900000000000000"
                                                "01000000 1600 0000 0100000000000000 79")
                                .toHex());
}

void TestLiveMessages::eventRoundTrip()
{
    const QByteArray payload = payloadOf(sampleEvent());
    const Result<EventMessage> message = ipc::decodeEvent(payload);
    QVERIFY(message);
    QCOMPARE(message->kind, ipc::EventKind::Close);
    QCOMPARE(message->sequence, sampleEvent().sequence);
    QCOMPARE(message->bodyLength, 300u);
    QCOMPARE(message->route, 5u);
    QCOMPARE(message->binds, 6u);
    QCOMPARE(message->code, quint16(1001));
    QCOMPARE(message->port, quint8(2));
    QCOMPARE(message->closer, ipc::Closer::Server);
    QCOMPARE(message->name, QByteArrayView("ann"));
    QCOMPARE(message->bodyPart, QByteArrayView("part"));
}

void TestLiveMessages::commandRoundTrip()
{
    const QByteArray payload = payloadOf(sampleCommand());
    const Result<CommandMessage> message = ipc::decodeCommand(payload);
    QVERIFY(message);
    QCOMPARE(message->kind, ipc::CommandKind::SendToRoom);
    QCOMPARE(message->payload, ipc::Payload::Binary);
    QCOMPARE(message->except, sampleCommand().except);
    QCOMPARE(message->bodyLength, 300u);
    QCOMPARE(message->code, quint16(1000));
    QCOMPARE(message->port, quint16(3));
    QCOMPARE(message->name, QByteArrayView("lobby"));
    QCOMPARE(message->bodyPart, QByteArrayView("part"));
}

void TestLiveMessages::everyTruncation()
{
    // What is cut off of the body follows in another frame; nothing else may be missing.
    const QByteArray event = payloadOf(sampleEvent());
    for (qsizetype size = 0; size < event.size(); ++size)
        QCOMPARE(ipc::decodeEvent(event.first(size)).ok(), size >= ipc::EventHeaderSize + 3);
    const QByteArray command = payloadOf(sampleCommand());
    for (qsizetype size = 0; size < command.size(); ++size)
        QCOMPARE(ipc::decodeCommand(command.first(size)).ok(), size >= ipc::CommandHeaderSize + 5);
}

void TestLiveMessages::refused_data()
{
    QTest::addColumn<bool>("isEvent");
    QTest::addColumn<int>("place");
    QTest::addColumn<int>("byte");
    QTest::newRow("event of no kind") << true << 24 << 0;
    QTest::newRow("event of a later kind") << true << 24 << 10;
    QTest::newRow("closed by nobody known") << true << 26 << 3;
    QTest::newRow("more body than announced") << true << 8 << 3;
    QTest::newRow("name longer than the event") << true << 20 << 8;
    QTest::newRow("command of no kind") << false << 18 << 0;
    QTest::newRow("command of a later kind") << false << 18 << 11;
    QTest::newRow("no payload") << false << 19 << 0;
    QTest::newRow("a later payload") << false << 19 << 4;
    QTest::newRow("more body than the command announced") << false << 8 << 3;
    QTest::newRow("name longer than the command") << false << 12 << 10;
}

void TestLiveMessages::refused()
{
    QFETCH(bool, isEvent);
    QFETCH(int, place);
    QFETCH(int, byte);
    QByteArray payload = isEvent ? payloadOf(sampleEvent()) : payloadOf(sampleCommand());
    payload[place] = char(byte);
    if (place == 8)
        payload[place + 1] = 0; // 3 instead of 300
    QVERIFY(isEvent ? !ipc::decodeEvent(payload) : !ipc::decodeCommand(payload));
    const Error error = isEvent ? ipc::decodeEvent(payload).error() : ipc::decodeCommand(payload).error();
    QCOMPARE(error.code(), Error::Protocol);
}

void TestLiveMessages::packetPeer_data()
{
    QTest::addColumn<QByteArray>("address");
    QTest::addColumn<quint16>("port");
    QTest::addColumn<QByteArray>("encoded");
    QTest::newRow("IPv4") << QByteArray("10.0.0.1") << quint16(0x1234)
                          << QByteArray("\x34\x12"
                                        "10.0.0.1");
    QTest::newRow("path") << QByteArray("/a") << quint16(0) << QByteArray("\0\0/a", 4);
    QTest::newRow("without a name") << QByteArray() << quint16(0) << QByteArray("\0\0", 2);
}

void TestLiveMessages::packetPeer()
{
    QFETCH(QByteArray, address);
    QFETCH(quint16, port);
    QFETCH(QByteArray, encoded);
    QCOMPARE((ipc::PacketPeer{address, port}.encode()), encoded);
    const Result<ipc::PacketPeer> peer = ipc::PacketPeer::decode(encoded);
    QVERIFY(peer);
    QCOMPARE(peer->address, address);
    QCOMPARE(peer->port, port);
}

void TestLiveMessages::packetPeerCutShort()
{
    QVERIFY(!ipc::PacketPeer::decode("x"));
    QVERIFY(!ipc::PacketPeer::decode({}));
}

QTEST_GUILESS_MAIN(TestLiveMessages)
#include "tst_livemessages.moc"
