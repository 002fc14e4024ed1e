#include "ipc/messages.h"

#include <QTest>

#include <QtEndian>

#include <vector>

using namespace Quern;
using ipc::RequestMessage;

namespace {

constexpr qsizetype bodyLengthAt = 32;
constexpr qsizetype headLengthAt = 40;
constexpr qsizetype headerCountAt = 44;
constexpr qsizetype addressLengthAt = 48;
constexpr qsizetype spansAt = 64;

const QByteArray head = QByteArrayLiteral("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
const base::HeaderSpan hostHeader = {{17, 4}, {23, 1}};

ipc::RequestParts sampleParts()
{
    ipc::RequestParts parts;
    parts.receivedNs = 0x1122334455667788;
    parts.bodyLength = 5;
    parts.remoteAddress = "127.0.0.1";
    parts.peerAddress = "::1";
    parts.host = "h";
    parts.bodyLayout = "ly";
    parts.clientCertificate = "crt";
    parts.remotePort = 0xabcd;
    parts.flags = ipc::SecureRequest | ipc::StreamedRequest;
    parts.minorVersion = 1;
    parts.head = head;
    parts.method = {0, 3};
    parts.target = {4, 2};
    parts.headers = {&hostHeader, 1};
    return parts;
}

/// A whole Request payload but for its body, with an empty ticket.
QByteArray payloadOf(const ipc::RequestParts &parts)
{
    QByteArray ticket(ipc::ClaimTicketSize, '\0');
    ipc::writeTicket(ticket.data(), {});
    return ticket + ipc::encodeRequest(parts);
}

const QByteArray goldenHex =
    QByteArrayLiteral("00000000 00000000 0000000000000000 00400000 00000000"
                      "8877665544332211 0500000000000000 1c000000 0100 cdab 09 01 0300 03 00 0100 02000000 0300 0000"
                      "00000000 03000000 04000000 02000000"
                      "11000000 04000000 17000000 01000000"
                      "3132372e302e302e31 3a3a31 68 6c79 637274"
                      "474554202f6120485454502f312e310d0a486f73743a20780d0a0d0a");

} // namespace

class TestRequestMessage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void goldenBytes();
    void goldenTicket();
    void roundTrip();
    void withoutTicketAndBody();
    void withoutHeadersAddressAndBody();
    void longestAddress();
    void mostHeaders();
    void decodedTwiceIntoOneMessage();
    void everyTruncationIsRefused();
    void partsOfTheBody();
    void moreBodyThanAnnounced();
    void lengthsOutOfBounds_data();
    void lengthsOutOfBounds();
    void spansOutOfBounds_data();
    void spansOutOfBounds();
};

void TestRequestMessage::goldenBytes()
{
    QCOMPARE(payloadOf(sampleParts()).toHex(), QByteArray::fromHex(goldenHex).toHex());
}

void TestRequestMessage::goldenTicket()
{
    QByteArray payload = payloadOf(sampleParts());
    const QByteArray behind = payload.sliced(ipc::ClaimTicketSize);
    ipc::writeTicket(payload.data(), {0x01020304, 0xfffefdfc, 0x1122334455667788, 0x0a0b0c0d});
    QCOMPARE(payload.first(ipc::ClaimTicketSize).toHex(),
             QByteArray("04030201fcfdfeff88776655443322110d0c0b0a00000000"));
    QCOMPARE(payload.sliced(ipc::ClaimTicketSize), behind);
    RequestMessage message;
    QVERIFY(ipc::decodeRequest(payload, message));
    QCOMPARE(message.ticket.slot, 0x01020304u);
    QCOMPARE(message.ticket.sequence, 0xfffefdfcu);
    QCOMPARE(message.ticket.dispatchedNs, quint64(0x1122334455667788));
    QCOMPARE(message.ticket.responseCredit, 0x0a0b0c0du);
}

void TestRequestMessage::roundTrip()
{
    const QByteArray payload = payloadOf(sampleParts()) + "hello";
    RequestMessage message;
    QVERIFY(ipc::decodeRequest(payload, message));
    QCOMPARE(message.receivedNs, quint64(0x1122334455667788));
    QCOMPARE(message.bodyLength, quint64(5));
    QCOMPARE(message.remoteAddress, QByteArrayView("127.0.0.1"));
    QCOMPARE(message.peerAddress, QByteArrayView("::1"));
    QCOMPARE(message.host, QByteArrayView("h"));
    QCOMPARE(message.bodyLayout, QByteArrayView("ly"));
    QCOMPARE(message.clientCertificate, QByteArrayView("crt"));
    QCOMPARE(message.flags, quint16(ipc::SecureRequest | ipc::StreamedRequest));
    QCOMPARE(message.remotePort, quint16(0xabcd));
    QCOMPARE(message.minorVersion, quint8(1));
    QCOMPARE(message.head, QByteArrayView(head));
    QCOMPARE(message.method.in(message.head), QByteArrayView("GET"));
    QCOMPARE(message.target.in(message.head), QByteArrayView("/a"));
    QCOMPARE(message.headers.size(), 1);
    QCOMPARE(message.headers[0].name.in(message.head), QByteArrayView("Host"));
    QCOMPARE(message.headers[0].value.in(message.head), QByteArrayView("x"));
    QCOMPARE(message.bodyPart, QByteArrayView("hello"));
    QVERIFY(message.head.data() > payload.constData() && message.head.data() < payload.constData() + payload.size());
}

void TestRequestMessage::withoutTicketAndBody()
{
    const QByteArray encoded = ipc::encodeRequest(sampleParts());
    RequestMessage message;
    QVERIFY(ipc::decodeRequestParts(encoded, message));
    QCOMPARE(message.target.in(message.head), QByteArrayView("/a"));
    QVERIFY(message.bodyPart.isEmpty());
}

void TestRequestMessage::withoutHeadersAddressAndBody()
{
    ipc::RequestParts parts;
    parts.minorVersion = 0;
    const QByteArray payload = payloadOf(parts);
    QCOMPARE(payload.size(), spansAt + 16);
    RequestMessage message;
    QVERIFY(ipc::decodeRequest(payload, message));
    QVERIFY(message.headers.isEmpty());
    QVERIFY(message.remoteAddress.isEmpty());
    QVERIFY(message.head.isEmpty());
    QVERIFY(message.bodyPart.isEmpty());
    QCOMPARE(message.minorVersion, quint8(0));
}

void TestRequestMessage::longestAddress()
{
    ipc::RequestParts parts = sampleParts();
    const QByteArray address(255, 'a');
    parts.remoteAddress = address;
    const QByteArray payload = payloadOf(parts);
    RequestMessage message;
    QVERIFY(ipc::decodeRequest(payload, message));
    QCOMPARE(message.remoteAddress, QByteArrayView(address));
    QCOMPARE(message.head, QByteArrayView(head));
}

void TestRequestMessage::mostHeaders()
{
    const std::vector<base::HeaderSpan> headers(0xffff, hostHeader);
    ipc::RequestParts parts = sampleParts();
    parts.headers = headers;
    const QByteArray payload = payloadOf(parts);
    RequestMessage message;
    QVERIFY(ipc::decodeRequest(payload, message));
    QCOMPARE(message.headers.size(), 0xffff);
    QCOMPARE(message.headers.last(), hostHeader);
}

void TestRequestMessage::decodedTwiceIntoOneMessage()
{
    const std::vector<base::HeaderSpan> headers(40, hostHeader);
    ipc::RequestParts parts = sampleParts();
    parts.headers = headers;
    const QByteArray many = payloadOf(parts), one = payloadOf(sampleParts());
    RequestMessage message;
    QVERIFY(ipc::decodeRequest(many, message));
    QVERIFY(ipc::decodeRequest(one, message));
    QCOMPARE(message.headers.size(), 1);
}

void TestRequestMessage::everyTruncationIsRefused()
{
    const QByteArray payload = payloadOf(sampleParts());
    for (qsizetype size = 0; size < payload.size(); ++size) {
        const QByteArray part = payload.first(size);
        RequestMessage message;
        const Result<void> decoded = ipc::decodeRequest(part, message);
        QVERIFY2(!decoded, qPrintable(QString::number(size)));
        QCOMPARE(int(decoded.error().code()), int(Error::Protocol));
        QCOMPARE(decoded.error().message(), QStringLiteral("malformed Request message"));
    }
}

void TestRequestMessage::partsOfTheBody()
{
    for (const char *part : {"", "h", "hell", "hello"}) {
        const QByteArray payload = payloadOf(sampleParts()) + part;
        RequestMessage message;
        QVERIFY(ipc::decodeRequest(payload, message));
        QCOMPARE(message.bodyPart, QByteArrayView(part));
    }
}

void TestRequestMessage::moreBodyThanAnnounced()
{
    RequestMessage message;
    QVERIFY(!ipc::decodeRequest(payloadOf(sampleParts()) + "hello!", message));
}

void TestRequestMessage::lengthsOutOfBounds_data()
{
    QTest::addColumn<qsizetype>("place");
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("head one byte longer") << headLengthAt << QByteArray::fromHex("1d000000");
    QTest::newRow("head longest") << headLengthAt << QByteArray::fromHex("ffffffff");
    QTest::newRow("head too short for its spans") << headLengthAt << QByteArray::fromHex("05000000");
    QTest::newRow("one more header") << headerCountAt << QByteArray::fromHex("0200");
    QTest::newRow("most headers") << headerCountAt << QByteArray::fromHex("ffff");
    QTest::newRow("longer address") << addressLengthAt << QByteArray::fromHex("0a");
    QTest::newRow("longest address") << addressLengthAt << QByteArray::fromHex("ff");
}

void TestRequestMessage::lengthsOutOfBounds()
{
    QFETCH(const qsizetype, place);
    QFETCH(const QByteArray, bytes);
    QByteArray payload = payloadOf(sampleParts());
    payload.replace(bodyLengthAt, 8, QByteArray(8, '\0'));
    RequestMessage message;
    QVERIFY(ipc::decodeRequest(payload, message));
    payload.replace(place, bytes.size(), bytes);
    QVERIFY(!ipc::decodeRequest(payload, message));
}

void TestRequestMessage::spansOutOfBounds_data()
{
    QTest::addColumn<int>("span");
    QTest::addColumn<quint32>("offset");
    QTest::addColumn<quint32>("length");
    QTest::addColumn<bool>("fits");
    const char *const names[] = {"method", "target", "header name", "header value"};
    const auto size = quint32(head.size());
    for (int span = 0; span < 4; ++span) {
        const auto row = [&](const char *name, quint32 offset, quint32 length, bool fits) {
            QTest::addRow("%s, %s", names[span], name) << span << offset << length << fits;
        };
        row("all", 0, size, true);
        row("nothing at the end", size, 0, true);
        row("one byte too long", 0, size + 1, false);
        row("one byte beyond", size, 1, false);
        row("nothing beyond", size + 1, 0, false);
        row("sum overflows 32 bits", 0xffffffff, 2, false);
        row("largest", 0xffffffff, 0xffffffff, false);
    }
}

void TestRequestMessage::spansOutOfBounds()
{
    QFETCH(const int, span);
    QFETCH(const quint32, offset);
    QFETCH(const quint32, length);
    QFETCH(const bool, fits);
    QByteArray payload = payloadOf(sampleParts());
    qToLittleEndian(offset, payload.data() + spansAt + 8 * span);
    qToLittleEndian(length, payload.data() + spansAt + 8 * span + 4);
    RequestMessage message;
    QCOMPARE(ipc::decodeRequest(payload, message).ok(), fits);
}

QTEST_APPLESS_MAIN(TestRequestMessage)
#include "tst_requestmessage.moc"
