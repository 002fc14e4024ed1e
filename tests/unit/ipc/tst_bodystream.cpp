#include "channelsupport.h"

#include "ipc/bodystream.h"

using namespace Quern;
using namespace IpcTest;
using ipc::AmpleResponseCredit;
using ipc::BodySender;
using ipc::MaxBodyPart;
using ipc::RequestCredit;

namespace {

QByteArray bodyOf(qsizetype size)
{
    QByteArray body(size, Qt::Uninitialized);
    for (qsizetype i = 0; i < size; ++i)
        body[i] = char(i * 31 + i / 1'000);
    return body;
}

} // namespace

class TestBodyStream : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void firstPart();
    void goldenCreditFrame();
    void stopsAtTheCredit_data();
    void stopsAtTheCredit();
    void neverMoreThanGranted();
    void wholeBodyFits();
    void nothingLeftToSend();
    void largeBodyThroughTwoChannels();
};

void TestBodyStream::firstPart()
{
    for (const qsizetype size : {qsizetype(0), qsizetype(1), MaxBodyPart, MaxBodyPart + 1}) {
        const QByteArray body(size, 'x');
        QCOMPARE(BodySender::firstPart(body).size(), qMin(size, MaxBodyPart));
    }
}

void TestBodyStream::goldenCreditFrame()
{
    RecordingSink sink;
    BareEnd end(&sink);
    ipc::sendCredit(*end.channel, 0x0102030405060708, 0x01020304);
    end.channel->flush();
    QCOMPARE(end.receive().toHex(), QByteArray("0400000008000000080706050403020104030201"));
}

void TestBodyStream::stopsAtTheCredit_data()
{
    QTest::addColumn<qsizetype>("sent");
    QTest::addColumn<qsizetype>("size");
    QTest::addColumn<bool>("done");
    QTest::newRow("nothing left with the head") << qsizetype(0) << AmpleResponseCredit + 1 << false;
    QTest::newRow("a part left with the head") << MaxBodyPart << AmpleResponseCredit + 1 << false;
    QTest::newRow("an odd part left with the head") << qsizetype(1'001) << AmpleResponseCredit + 1 << false;
    QTest::newRow("exactly the credit") << MaxBodyPart << AmpleResponseCredit << true;
}

void TestBodyStream::stopsAtTheCredit()
{
    QFETCH(const qsizetype, sent);
    QFETCH(const qsizetype, size);
    QFETCH(const bool, done);
    RecordingSink sink;
    BareEnd end(&sink);
    const QByteArray body = bodyOf(size);
    BodySender sender(FrameType::ResponseBody, 9, body, sent, ipc::AmpleResponseCredit);
    QCOMPARE(sender.pump(*end.channel), done);
    QCOMPARE(sender.pump(*end.channel), done);
    QByteArray received, bytes;
    QVERIFY(turnUntil([&] {
        bytes += end.receive();
        return end.channel->unsentBytes() == 0;
    }));
    bytes += end.receive();
    for (const ReceivedFrame &frame : framesOf(bytes)) {
        QCOMPARE(quint16(frame.type), quint16(FrameType::ResponseBody));
        QCOMPARE(frame.id, quint64(9));
        QCOMPARE_LE(frame.payload.size(), MaxBodyPart);
        QVERIFY(!frame.payload.isEmpty());
        received += frame.payload;
    }
    QCOMPARE(received, body.sliced(sent, AmpleResponseCredit - sent));
}

void TestBodyStream::neverMoreThanGranted()
{
    RecordingSink sink;
    BareEnd end(&sink);
    const QByteArray body = bodyOf(RequestCredit + 300'000);
    BodySender sender(FrameType::RequestBody, 9, body, 0, ipc::RequestCredit);
    qsizetype granted = RequestCredit;
    QByteArray received;
    bool done = sender.pump(*end.channel);
    const quint32 grants[] = {1, 0, 999, 100'000, 65'536, 65'537, 70'000};
    for (const quint32 grant : grants) {
        QVERIFY(!done);
        QByteArray bytes;
        QVERIFY(turnUntil([&] {
            bytes += end.receive();
            return end.channel->unsentBytes() == 0;
        }));
        bytes += end.receive();
        for (const ReceivedFrame &frame : framesOf(bytes))
            received += frame.payload;
        QCOMPARE(received.size(), granted);
        QCOMPARE(received, body.first(granted));
        sender.grant(grant);
        granted = qMin(granted + qsizetype(grant), body.size());
        done = sender.pump(*end.channel);
    }
    QVERIFY(done);
    QCOMPARE(granted, body.size());
}

void TestBodyStream::wholeBodyFits()
{
    RecordingSink sink;
    BareEnd end(&sink);
    BodySender sender(FrameType::RequestBody, 1, "hello", 0, ipc::RequestCredit);
    QVERIFY(sender.pump(*end.channel));
    end.channel->flush();
    QCOMPARE(framesOf(end.receive()), QList<ReceivedFrame>({{FrameType::RequestBody, 0, 1, "hello"}}));
}

void TestBodyStream::nothingLeftToSend()
{
    RecordingSink sink;
    BareEnd end(&sink);
    BodySender sender(FrameType::RequestBody, 1, "hello", 5, ipc::RequestCredit);
    QVERIFY(sender.pump(*end.channel));
    QVERIFY(!end.channel->hasOutput());
}

void TestBodyStream::largeBodyThroughTwoChannels()
{
    const auto pair = Channel::createPair();
    QVERIFY(pair);
    RecordingSink senderSink, receiverSink;
    Channel near(pair->first, &senderSink), far(pair->second, &receiverSink);
    const QByteArray body = bodyOf(20 * 1024 * 1024 + 7);
    BodySender sender(FrameType::RequestBody, 1, body, 0, ipc::RequestCredit);
    QByteArray received;
    qint64 mostUnsent = 0;
    bool done = false;
    receiverSink.onFrame = [&](const Frame &frame) {
        received.append(frame.payload);
        receiverSink.frames.clear();
        ipc::sendCredit(far, frame.id, quint32(frame.payload.size()));
    };
    senderSink.onFrame = [&](const Frame &frame) {
        const Result<quint32> bytes = ipc::creditOf(frame.payload);
        if (!bytes || done)
            return;
        sender.grant(*bytes);
        done = sender.pump(near);
        mostUnsent = qMax(mostUnsent, near.unsentBytes());
    };
    QVERIFY(!sender.pump(near));
    QVERIFY(turnUntil([&] { return received.size() == body.size(); }));
    QVERIFY(done);
    QCOMPARE(received, body);
    QCOMPARE_LE(mostUnsent, RequestCredit + 64 * ipc::FrameHeaderSize);
}

QUERN_EPOLL_TEST_MAIN(TestBodyStream)
#include "tst_bodystream.moc"
