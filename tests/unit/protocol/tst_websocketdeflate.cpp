#include "heapcount.h"
#include "requesttranscript.h"
#include "websockettranscript.h"

#include <QRandomGenerator>
#include <QTest>

#include <zlib.h>

using namespace Qt::StringLiterals;
using namespace Quern::protocol::websocket;
using namespace Quern::tests;

namespace {

constexpr quint8 text = 0xc1;
constexpr quint8 binary = 0xc2;
constexpr quint8 textBegins = 0x41;
constexpr quint8 ends = 0x80;

constexpr quint32 maxMessage = 10'000;

QByteArray compressed(QByteArrayView message)
{
    return Deflater().compress(message);
}

QByteArray randomBytes(qsizetype size)
{
    QByteArray bytes(size, Qt::Uninitialized);
    QRandomGenerator random(7692);
    for (char &byte : bytes)
        byte = static_cast<char>(random.bounded(256));
    return bytes;
}

/// \a bytes as a DEFLATE stream with one final block.
QByteArray withFinalBlock(QByteArrayView bytes)
{
    z_stream stream = {};
    deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    QByteArray out(bytes.size() + 100, '\0');
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef *>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.chop(qsizetype(stream.avail_out));
    deflateEnd(&stream);
    return out;
}

} // namespace

/// permessage-deflate (RFC 7692 §7.2): what the decoder makes of compressed messages, and both directions of zlib.
class WebSocketDeflateTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void messages_data();
    void messages();
    void withContext_data();
    void withContext();
    void roundTrip_data();
    void roundTrip();
    void contextMakesMessagesSmaller();
    void messagesWithoutContextStandAlone();
    void windowIsKept();
    void oneInflaterServesInterleavedConnections();
    void bombStopsAtTheLimit();
    void finalBlocksWithoutEndCostLittle();
    void resultHoldsLittleMemory();
    void sharedCoders();
};

void WebSocketDeflateTest::messages_data()
{
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const QByteArray &stream, const QByteArray &expected) {
        QTest::newRow(name) << stream << expected;
    };
    const auto malformed = [](const char *name, const QByteArray &payload) {
        QTest::newRow(name) << clientFrame(binary, payload) << "failure 1007 malformed compressed data\nended"_ba;
    };
    const QByteArray hello = QByteArray::fromHex("f248cdc9c90700");
    row("RFC 7692 7.2.3.1: one block", clientFrame(text, hello), "text Hello\nidle");
    row("RFC 7692 7.2.3.1: two fragments", clientFrame(textBegins, hello.first(3)) + clientFrame(ends, hello.sliced(3)),
        "text Hello\nidle");
    row("RFC 7692 7.2.3.3: block without compression", clientFrame(text, QByteArray::fromHex("000500faff48656c6c6f00")),
        "text Hello\nidle");
    row("RFC 7692 7.2.3.4: final block", clientFrame(text, QByteArray::fromHex("f348cdc9c9070000")),
        "text Hello\nidle");
    row("RFC 7692 7.2.3.4: final block with nothing after it", clientFrame(text, QByteArray::fromHex("f348cdc9c90700")),
        "text Hello\nidle");
    row("RFC 7692 7.2.3.5: two blocks", clientFrame(text, QByteArray::fromHex("f24805000000ffffcac9c90700")),
        "text Hello\nidle");
    row("RFC 7692 7.2.3.6: empty message", clientFrame(text, "\0"_ba), "text \nidle");
    row("no bytes at all", clientFrame(text, {}), "text \nidle");
    row("no compression for this message", clientFrame(0x81, "Hello"), "text Hello\nidle");
    row("each message for itself", clientFrame(text, hello) + clientFrame(0x81, "b") + clientFrame(text, hello),
        "text Hello\ntext b\ntext Hello\nidle");
    row("ping between the fragments",
        clientFrame(textBegins, hello.first(3)) + clientFrame(0x89, "p") + clientFrame(ends, hello.sliced(3)),
        "ping 70\ntext Hello\nidle");
    row("empty fragments around", clientFrame(textBegins, {}) + clientFrame(0, hello) + clientFrame(ends, {}),
        "text Hello\nidle");
    row("binary is not checked for UTF-8", clientFrame(binary, compressed("\xff")), "binary ff\nidle");
    row("block after a final one looks back over it",
        clientFrame(text, withFinalBlock("Hello") + QByteArray::fromHex("02130000")), "text HelloHello\nidle");
    row("largest message", clientFrame(binary, compressed(QByteArray(maxMessage, 'a'))),
        "binary " + shownPayload(QByteArray(maxMessage, 'a'), false) + "\nidle");
    row("largest message that does not compress", clientFrame(binary, compressed(randomBytes(maxMessage))),
        "binary " + shownPayload(randomBytes(maxMessage), false) + "\nidle");

    const QByteArray tooLarge = "failure 1009 message too large\nended";
    row("one byte too large, inflated", clientFrame(binary, compressed(QByteArray(maxMessage + 1, 'a'))), tooLarge);
    row("a megabyte in a kilobyte", clientFrame(binary, compressed(QByteArray(1 << 20, 'a'))), tooLarge);
    row("too large in the second message",
        clientFrame(binary, compressed("a")) + clientFrame(binary, compressed(QByteArray(maxMessage + 1, 'a'))),
        "binary 61\n" + tooLarge);
    row("announced too large, compressed", clientFrame(binary, {}, 8, 2 * maxMessage + 65'536), tooLarge);
    row("fragments too large, compressed", clientFrame(0x42, QByteArray(9'000, 'a')) + clientFrame(ends, {}, 2, 9'000),
        tooLarge);
    row("not compressed and too large", clientFrame(0x82, {}, 2, maxMessage + 1), tooLarge);

    const QByteArray notUtf8 = "failure 1007 text is not UTF-8\nended";
    row("text is not UTF-8", clientFrame(text, compressed("a\xff")), notUtf8);
    row("text ends within a character", clientFrame(text, compressed("\xe2\x82")), notUtf8);
    row("character over fragments",
        clientFrame(textBegins, compressed("\xe2\x82\xac").first(2)) +
            clientFrame(ends, compressed("\xe2\x82\xac").sliced(2)),
        "text \xe2\x82\xac\nidle");

    malformed("block of a reserved kind", QByteArray::fromHex("06"));
    malformed("random bytes", QByteArray::fromHex("ffeeddccbbaa"));
    malformed("distance beyond the beginning", QByteArray::fromHex("02130000"));
    malformed("stored block whose lengths differ", QByteArray::fromHex("000500fafe48656c6c6f00"));
    malformed("cut within a block", QByteArray::fromHex("f248cdc9"));
    malformed("cut within a stored block", QByteArray::fromHex("000900f6ff48656c"));
    malformed("rubbish after a final block", QByteArray::fromHex("f348cdc9c9070006"));

    row("RSV1 on a continuation", clientFrame(textBegins, hello.first(3)) + clientFrame(0xc0, hello.sliced(3)),
        "failure 1002 reserved bit\nended");
    row("RSV1 on a later continuation of a message that is not compressed",
        clientFrame(0x01, "a") + clientFrame(0xc0, hello), "failure 1002 reserved bit\nended");
    row("RSV1 on a ping", clientFrame(0xc9, {}), "failure 1002 reserved bit\nended");
    row("RSV1 on a close", clientFrame(0xc8, {}), "failure 1002 reserved bit\nended");
    row("RSV2 on a compressed message", clientFrame(text | 0x20, hello), "failure 1002 reserved bit\nended");
}

void WebSocketDeflateTest::messages()
{
    QFETCH(const QByteArray, stream);
    QFETCH(const QByteArray, expected);
    QCOMPARE(
        webSocketTranscriptOfAnySplit(stream, {.limits = {.messageBytes = maxMessage}, .deflate = ContextTakeover::No}),
        expected);
}

void WebSocketDeflateTest::withContext_data()
{
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<QByteArray>("expected");
    const QByteArray first = QByteArray::fromHex("f248cdc9c90700");
    const QByteArray second = QByteArray::fromHex("f200110000");
    QTest::newRow("RFC 7692 7.2.3.2: second message looks back")
        << clientFrame(text, first) + clientFrame(text, second) << "text Hello\ntext Hello\nidle"_ba;
    QTest::newRow("one without compression in between changes nothing")
        << clientFrame(text, first) + clientFrame(0x81, "x") + clientFrame(text, second)
        << "text Hello\ntext x\ntext Hello\nidle"_ba;
    QTest::newRow("looks back over a final block")
        << clientFrame(text, QByteArray::fromHex("f348cdc9c90700")) + clientFrame(text, second)
        << "text Hello\ntext Hello\nidle"_ba;
    QTest::newRow("nothing to look back at")
        << clientFrame(text, second) << "failure 1007 malformed compressed data\nended"_ba;
}

void WebSocketDeflateTest::withContext()
{
    QFETCH(const QByteArray, stream);
    QFETCH(const QByteArray, expected);
    QCOMPARE(webSocketTranscriptOfAnySplit(stream, {.deflate = ContextTakeover::Yes}), expected);
}

void WebSocketDeflateTest::roundTrip_data()
{
    QTest::addColumn<ContextTakeover>("takeover");
    QTest::addColumn<int>("windowBits");
    for (const int bits : {9, 10, 15}) {
        QTest::addRow("window of %d bits", bits) << ContextTakeover::No << bits;
        QTest::addRow("window of %d bits, with context", bits) << ContextTakeover::Yes << bits;
    }
}

void WebSocketDeflateTest::roundTrip()
{
    QFETCH(const ContextTakeover, takeover);
    QFETCH(const int, windowBits);
    Deflater deflater(takeover, windowBits);
    Inflater inflater(takeover, windowBits);
    const QByteArray noise = randomBytes(200'000);
    for (const qsizetype size : {0, 1, 0, 0, 31, 32, 125, 126, 8'191, 8'192, 8'193, 16'384, 65'536, 200'000, 0, 5}) {
        const QByteArray words = QByteArray("the quick brown fox ").repeated(size / 20 + 1).first(size);
        for (const QByteArray &message : {words, noise.first(size)}) {
            QByteArray result = "before ";
            const QByteArray payload = deflater.compress(message);
            QVERIFY(!payload.isEmpty() && !payload.endsWith(QByteArray::fromHex("0000ffff")));
            QCOMPARE(inflater.inflate(payload, size, result), Inflater::Outcome::Done);
            QVERIFY(result == "before " + message);
        }
    }
}

void WebSocketDeflateTest::contextMakesMessagesSmaller()
{
    const QByteArray message = randomBytes(500);
    Deflater deflater(ContextTakeover::Yes);
    const QByteArray first = deflater.compress(message);
    QVERIFY(first.size() >= 500);
    QVERIFY(deflater.compress(message).size() < 50);
}

void WebSocketDeflateTest::messagesWithoutContextStandAlone()
{
    Deflater deflater;
    const QByteArray first = deflater.compress("Hello Hello Hello Hello");
    (void)deflater.compress(randomBytes(100'000));
    QCOMPARE(deflater.compress("Hello Hello Hello Hello"), first);
    QVERIFY(first.size() < 20);
}

void WebSocketDeflateTest::windowIsKept()
{
    // The repetition lies beyond 512 bytes, where a deflater of 9 bits must not look, and one of 15 bits does.
    const QByteArray noise = randomBytes(1'000);
    const QByteArray message = noise + noise;
    const QByteArray small = Deflater(ContextTakeover::No, 9).compress(message);
    const QByteArray large = Deflater(ContextTakeover::No, 15).compress(message);
    QVERIFY(large.size() < 1'200 && small.size() > 1'900);
    QByteArray result;
    QCOMPARE(Inflater(ContextTakeover::No, 9).inflate(small, 2'000, result), Inflater::Outcome::Done);
    QVERIFY(result == message);
}

void WebSocketDeflateTest::oneInflaterServesInterleavedConnections()
{
    Inflater inflater;
    Decoder one({}, &inflater);
    Decoder other({}, &inflater);
    const QByteArray first = clientFrame(text, compressed("first first first"));
    const QByteArray second = clientFrame(text, compressed("second second second"));
    QCOMPARE(one.feed(QByteArrayView(first).first(12)).event, Decoder::Event::None);
    QCOMPARE(other.feed(QByteArrayView(second).first(13)).event, Decoder::Event::None);
    QCOMPARE(one.feed(QByteArrayView(first).sliced(12)).payload, "first first first");
    QCOMPARE(other.feed(QByteArrayView(second).sliced(13)).payload, "second second second");
    // A connection that fails spoils nothing for the others.
    Decoder broken({}, &inflater);
    QCOMPARE(broken.feed(clientFrame(text, "\xff\xff\xff")).event, Decoder::Event::Failure);
    QCOMPARE(one.feed(second).payload, "second second second");
}

void WebSocketDeflateTest::bombStopsAtTheLimit()
{
    const QByteArray bomb = compressed(QByteArray(64 * 1024 * 1024, '\0'));
    QVERIFY(bomb.size() < 400'000);
    Inflater inflater;
    QByteArray result;
    QCOMPARE(inflater.inflate(bomb, 100'000, result), Inflater::Outcome::TooLarge);
    QVERIFY(result.size() <= 100'000);
    QVERIFY(result.capacity() < 300'000);
}

void WebSocketDeflateTest::finalBlocksWithoutEndCostLittle()
{
    QByteArray result;
    const QByteArray empty = withFinalBlock({});
    QCOMPARE(Inflater().inflate(empty.repeated(60), 10, result), Inflater::Outcome::Done);
    QCOMPARE(Inflater().inflate(empty.repeated(500'000), 10, result), Inflater::Outcome::Malformed);
}

void WebSocketDeflateTest::resultHoldsLittleMemory()
{
    const QByteArray payload = compressed(QByteArray(1'000'000, 'a'));
    QVERIFY2(payload.capacity() <= 10'000, QByteArray::number(payload.capacity()).constData());
    QByteArray message;
    QCOMPARE(Inflater().inflate(compressed(QByteArray(100, 'a')), 1'000'000, message), Inflater::Outcome::Done);
    QVERIFY2(message.capacity() <= 200, QByteArray::number(message.capacity()).constData());
}

void WebSocketDeflateTest::sharedCoders()
{
    const size_t before = heapCount().bytes;
    SharedDeflate shared;
    QCOMPARE(heapCount().bytes, before); // nobody has asked for one yet
    QCOMPARE(&shared.inflater(), &shared.inflater());
    QCOMPARE(&shared.deflater(15), &shared.deflater(15));
    QVERIFY(&shared.deflater(9) != &shared.deflater(15));
    const QByteArray noise = randomBytes(1'000);
    QVERIFY(shared.deflater(9).compress(noise + noise).size() > shared.deflater(15).compress(noise + noise).size());
}

QTEST_APPLESS_MAIN(WebSocketDeflateTest)
#include "tst_websocketdeflate.moc"
