#include "ipc/bodystream.h"
#include "ipc/frame.h"
#include "ipc/messages.h"

#include <QTest>

using namespace Quern;
using ipc::ResponseMessage;

namespace {

QByteArray payloadOf(const ResponseMessage &message)
{
    QByteArray bytes;
    ipc::appendResponse(bytes, 7, message);
    return bytes.sliced(ipc::FrameHeaderSize);
}

ResponseMessage sample()
{
    ResponseMessage message;
    message.status = 404;
    message.bodyLength = 300;
    message.headerBlock = "A: b\r\n";
    message.bodyPart = "part";
    return message;
}

} // namespace

class TestResponseMessage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void goldenBytes();
    void roundTrip();
    void emptyAnswer();
    void everyTruncation();
    void blockLongerThanThePayload_data();
    void blockLongerThanThePayload();
    void moreBodyThanAnnounced();
    void status_data();
    void status();
    void goldenCredit();
    void creditOfAnotherSize();
};

void TestResponseMessage::goldenBytes()
{
    QByteArray bytes;
    ipc::appendResponse(bytes, 0x0102030405060708, sample());
    QCOMPARE(bytes.toHex(), QByteArray::fromHex("1a000000 0600 0000 0807060504030201"
                                                "9401 0000 06000000 2c01000000000000"
                                                "413a20620d0a 70617274")
                                .toHex());
}

void TestResponseMessage::roundTrip()
{
    const QByteArray payload = payloadOf(sample());
    const Result<ResponseMessage> message = ipc::decodeResponse(payload);
    QVERIFY(message);
    QCOMPARE(message->status, quint16(404));
    QCOMPARE(message->bodyLength, quint64(300));
    QCOMPARE(message->headerBlock, QByteArrayView("A: b\r\n"));
    QCOMPARE(message->bodyPart, QByteArrayView("part"));
}

void TestResponseMessage::emptyAnswer()
{
    const QByteArray payload = payloadOf({});
    QCOMPARE(payload.size(), ipc::ResponseMessageHeaderSize);
    const Result<ResponseMessage> message = ipc::decodeResponse(payload);
    QVERIFY(message);
    QCOMPARE(message->status, quint16(200));
    QVERIFY(message->headerBlock.isEmpty());
    QVERIFY(message->bodyPart.isEmpty());
}

void TestResponseMessage::everyTruncation()
{
    // The body may come in other frames; what stands before it may not.
    const QByteArray payload = payloadOf(sample());
    const qsizetype needed = ipc::ResponseMessageHeaderSize + sample().headerBlock.size();
    for (qsizetype size = 0; size < payload.size(); ++size) {
        const QByteArray part = payload.first(size);
        const Result<ResponseMessage> message = ipc::decodeResponse(part);
        QCOMPARE(message.ok(), size >= needed);
        if (!message)
            QCOMPARE(message.error().message(), QStringLiteral("malformed Response message"));
    }
}

void TestResponseMessage::blockLongerThanThePayload_data()
{
    QTest::addColumn<QByteArray>("length");
    QTest::newRow("one byte") << QByteArray::fromHex("0b000000");
    QTest::newRow("longest") << QByteArray::fromHex("ffffffff");
}

void TestResponseMessage::blockLongerThanThePayload()
{
    QFETCH(const QByteArray, length);
    QByteArray payload = payloadOf(sample());
    payload.replace(4, 4, length);
    const Result<ResponseMessage> message = ipc::decodeResponse(payload);
    QVERIFY(!message);
    QCOMPARE(int(message.error().code()), int(Error::Protocol));
}

void TestResponseMessage::moreBodyThanAnnounced()
{
    ResponseMessage message = sample();
    message.bodyLength = 4;
    QVERIFY(ipc::decodeResponse(payloadOf(message)));
    message.bodyLength = 3;
    QVERIFY(!ipc::decodeResponse(payloadOf(message)));
}

void TestResponseMessage::status_data()
{
    QTest::addColumn<quint16>("number");
    QTest::addColumn<bool>("valid");
    QTest::newRow("0") << quint16(0) << false;
    QTest::newRow("199") << quint16(199) << false;
    QTest::newRow("200") << quint16(200) << true;
    QTest::newRow("599") << quint16(599) << true;
    QTest::newRow("600") << quint16(600) << false;
    QTest::newRow("65535") << quint16(65535) << false;
}

void TestResponseMessage::status()
{
    QFETCH(const quint16, number);
    QFETCH(const bool, valid);
    ResponseMessage message = sample();
    message.status = number;
    QCOMPARE(ipc::decodeResponse(payloadOf(message)).ok(), valid);
}

void TestResponseMessage::goldenCredit()
{
    const Result<quint32> bytes = ipc::creditOf(QByteArray::fromHex("04030201"));
    QVERIFY(bytes);
    QCOMPARE(*bytes, 0x01020304u);
}

void TestResponseMessage::creditOfAnotherSize()
{
    for (const qsizetype size : {0, 3, 5, 8}) {
        const Result<quint32> bytes = ipc::creditOf(QByteArray(size, '\1'));
        QVERIFY(!bytes);
        QCOMPARE(int(bytes.error().code()), int(Error::Protocol));
        QCOMPARE(bytes.error().message(), QStringLiteral("malformed Credit message"));
    }
}

QTEST_APPLESS_MAIN(TestResponseMessage)
#include "tst_responsemessage.moc"
