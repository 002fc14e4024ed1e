#include "ipc/frame.h"

#include <QTest>

#include <QtEndian>

using namespace Quern;
using ipc::Frame;
using ipc::FrameType;

class TestFrame : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void goldenBytes_data();
    void goldenBytes();
    void appendsBehindOthers();
    void payloadWrittenInPlace();
    void everyTruncationIsIncomplete();
    void oneAfterTheOther();
    void unknownTypeIsDecoded();
    void largestPayload();
    void oneByteOverTheLimit();
    void payloadPointsIntoTheBytes();
};

void TestFrame::goldenBytes_data()
{
    QTest::addColumn<quint16>("type");
    QTest::addColumn<quint16>("flags");
    QTest::addColumn<quint64>("id");
    QTest::addColumn<QByteArray>("payload");
    QTest::addColumn<QByteArray>("hex");
    const auto row = [](const char *name, FrameType type, quint16 flags, quint64 id, const QByteArray &payload,
                        const QByteArray &hex) {
        QTest::newRow(name) << quint16(type) << flags << id << payload << hex;
    };
    const quint64 id = 0x0102030405060708;
    row("Boot", FrameType::Boot, 0, 0, "b", "01000000 0100 0000 0000000000000000 62");
    row("Hello", FrameType::Hello, 0, 0, "he", "02000000 0200 0000 0000000000000000 6865");
    row("BootFailed", FrameType::BootFailed, 0, 0, "caf\xc3\xa9", "05000000 0300 0000 0000000000000000 636166c3a9");
    row("Request", FrameType::Request, 0, id, "r", "01000000 0400 0000 0807060504030201 72");
    row("RequestBody", FrameType::RequestBody, 0, id, "xyz", "03000000 0500 0000 0807060504030201 78797a");
    row("Response", FrameType::Response, 0, id, "r", "01000000 0600 0000 0807060504030201 72");
    row("ResponseBody", FrameType::ResponseBody, 0, id, "xyz", "03000000 0700 0000 0807060504030201 78797a");
    row("Credit", FrameType::Credit, 0, id, QByteArray("\x00\x00\x01\x00", 4),
        "04000000 0800 0000 0807060504030201 00000100");
    row("Cancel", FrameType::Cancel, 0, id, {}, "00000000 0900 0000 0807060504030201");
    row("Deferred", FrameType::Deferred, 0, id, {}, "00000000 0a00 0000 0807060504030201");
    row("Stop", FrameType::Stop, 0, 0, {}, "00000000 0b00 0000 0000000000000000");
    row("LogLevels", FrameType::LogLevels, 0, 0, "info", "04000000 1100 0000 0000000000000000 696e666f");
    row("flags", FrameType::Stop, 0x1234, 1, {}, "00000000 0b00 3412 0100000000000000");
}

void TestFrame::goldenBytes()
{
    QFETCH(const quint16, type);
    QFETCH(const quint16, flags);
    QFETCH(const quint64, id);
    QFETCH(const QByteArray, payload);
    QFETCH(const QByteArray, hex);
    const QByteArray golden = QByteArray::fromHex(hex);
    QByteArray bytes;
    ipc::appendFrame(bytes, FrameType(type), flags, id, payload);
    QCOMPARE(bytes.toHex(), golden.toHex());

    QByteArrayView rest = golden;
    const auto frame = ipc::decodeFrame(rest);
    QVERIFY(frame && *frame);
    QCOMPARE(quint16((*frame)->type), type);
    QCOMPARE((*frame)->flags, flags);
    QCOMPARE((*frame)->id, id);
    QCOMPARE((*frame)->payload, payload);
    QVERIFY(rest.isEmpty());
}

void TestFrame::appendsBehindOthers()
{
    QByteArray bytes("before");
    ipc::appendFrame(bytes, FrameType::Cancel, 0, 7, {});
    ipc::appendFrame(bytes, FrameType::RequestBody, 0, 8, "body");
    QCOMPARE(bytes.toHex(), QByteArray("before").toHex() + "00000000090000000700000000000000" +
                                "04000000050000000800000000000000626f6479");
}

void TestFrame::payloadWrittenInPlace()
{
    QByteArray bytes;
    char *place = ipc::appendFrame(bytes, FrameType::ResponseBody, 0, 1, 3);
    QCOMPARE(bytes.size(), ipc::FrameHeaderSize + 3);
    QCOMPARE(place, bytes.data() + ipc::FrameHeaderSize);
    memcpy(place, "abc", 3);
    QVERIFY(bytes.endsWith("abc"));
}

void TestFrame::everyTruncationIsIncomplete()
{
    QByteArray bytes;
    ipc::appendFrame(bytes, FrameType::RequestBody, 0, 1, "twelve bytes");
    for (qsizetype size = 0; size < bytes.size(); ++size) {
        const QByteArray part = bytes.first(size);
        QByteArrayView rest = part;
        const auto frame = ipc::decodeFrame(rest);
        QVERIFY(frame);
        QVERIFY(!frame->has_value());
        QCOMPARE(rest.size(), size);
    }
}

void TestFrame::oneAfterTheOther()
{
    QByteArray bytes;
    for (int i = 0; i < 5; ++i)
        ipc::appendFrame(bytes, FrameType::RequestBody, 0, quint64(i), QByteArray(i, 'x'));
    QByteArrayView rest = bytes;
    for (int i = 0; i < 5; ++i) {
        const auto frame = ipc::decodeFrame(rest);
        QVERIFY(frame && *frame);
        QCOMPARE((*frame)->id, quint64(i));
        QCOMPARE((*frame)->payload.size(), i);
    }
    QVERIFY(rest.isEmpty());
}

void TestFrame::unknownTypeIsDecoded()
{
    const QByteArray bytes = QByteArray::fromHex("01000000 ffff 0000 0500000000000000 78");
    QByteArrayView rest = bytes;
    const auto frame = ipc::decodeFrame(rest);
    QVERIFY(frame && *frame);
    QCOMPARE(quint16((*frame)->type), quint16(0xffff));
    QVERIFY(rest.isEmpty());
}

void TestFrame::largestPayload()
{
    QByteArray bytes;
    ipc::appendFrame(bytes, FrameType::RequestBody, 0, 1, QByteArray(qsizetype(ipc::MaxFramePayload), 'x'));
    QByteArrayView rest = bytes;
    const auto frame = ipc::decodeFrame(rest);
    QVERIFY(frame && *frame);
    QCOMPARE((*frame)->payload.size(), qsizetype(ipc::MaxFramePayload));
}

void TestFrame::oneByteOverTheLimit()
{
    // Refused from the header alone: nobody waits for the rest.
    QByteArray header = QByteArray::fromHex("00000000 0500 0000 0100000000000000");
    qToLittleEndian(ipc::MaxFramePayload + 1, header.data());
    QByteArrayView rest = header;
    const auto frame = ipc::decodeFrame(rest);
    QVERIFY(!frame);
    QCOMPARE(int(frame.error().code()), int(Error::Protocol));
    QCOMPARE(frame.error().message(), QStringLiteral("frame of %1 bytes is over the limit of %2")
                                          .arg(ipc::MaxFramePayload + 1)
                                          .arg(ipc::MaxFramePayload));
}

void TestFrame::payloadPointsIntoTheBytes()
{
    QByteArray bytes;
    ipc::appendFrame(bytes, FrameType::RequestBody, 0, 1, "x");
    QByteArrayView rest = bytes;
    const auto frame = ipc::decodeFrame(rest);
    QVERIFY(frame && *frame);
    QCOMPARE((*frame)->payload.data(), bytes.constData() + ipc::FrameHeaderSize);
}

QTEST_APPLESS_MAIN(TestFrame)
#include "tst_frame.moc"
