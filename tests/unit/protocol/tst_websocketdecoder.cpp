#include "heapcount.h"
#include "requesttranscript.h"
#include "websockettranscript.h"

#include <QRandomGenerator>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace Quern::protocol::websocket;
using namespace Quern::tests;

namespace {

constexpr quint8 text = 0x81;
constexpr quint8 binary = 0x82;
constexpr quint8 ping = 0x89;
constexpr quint8 pong = 0x8a;
constexpr quint8 textBegins = 0x01;
constexpr quint8 binaryBegins = 0x02;
constexpr quint8 goesOn = 0x00;
constexpr quint8 ends = 0x80;

constexpr quint32 maxMessage = 1000;

} // namespace

/// Frames and what the decoder makes of them, however they are cut; and what it promises about its memory.
class WebSocketDecoderTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void messages_data();
    void messages();
    void breaches_data();
    void breaches();
    void closes_data();
    void closes();
    void utf8_data();
    void utf8();
    void limits_data();
    void limits();
    void failsInTheMiddleOfAFrame();
    void largeMessages_data();
    void largeMessages();
    void clientRole();
    void randomMessagesInRandomFragments();
    void announcedBytesAreNotReserved();
    void idleDecoderIsSmall();
    void wholeMessageTakesOneAllocation();

private:
    /// Checks the rows "stream" and "expected".
    void check(const DecoderSetting &setting = {});
};

void WebSocketDecoderTest::check(const DecoderSetting &setting)
{
    QFETCH(const QByteArray, stream);
    QFETCH(const QByteArray, expected);
    QCOMPARE(webSocketTranscriptOfAnySplit(stream, setting), expected);
}

void WebSocketDecoderTest::messages_data()
{
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const QByteArray &stream, const QByteArray &expected) {
        QTest::newRow(name) << stream << expected;
    };
    row("nothing", {}, "idle");
    row("RFC 6455 5.7: masked text", QByteArray::fromHex("818537fa213d7f9f4d5158"), "text Hello\nidle");
    row("empty text", clientFrame(text, {}), "text \nidle");
    row("empty binary", clientFrame(binary, {}), "binary \nidle");
    row("binary of every kind of byte", clientFrame(binary, "\0\xff\r\n"_ba), "binary 00ff0d0a\nidle");
    row("binary is not checked for UTF-8", clientFrame(binary, "\xc0\xaf"), "binary c0af\nidle");
    row("two messages", clientFrame(text, "a") + clientFrame(binary, "b"), "text a\nbinary 62\nidle");
    for (const qsizetype size : {1, 3, 4, 7, 8, 9, 15, 16, 17, 63, 64}) {
        const QByteArray payload(size, 'x');
        row(("text of " + QByteArray::number(size) + " bytes").constData(), clientFrame(text, payload),
            "text " + payload + "\nidle");
    }
    row("header alone", clientFrame(text, "Hello").first(2), "in message");
    row("half a payload", clientFrame(text, "Hello").chopped(2), "in message");
    row("all but the key's last byte", clientFrame(text, {}).chopped(1), "in message");

    row("two fragments", clientFrame(textBegins, "Hel") + clientFrame(ends, "lo"), "text Hello\nidle");
    row("three fragments", clientFrame(binaryBegins, "a") + clientFrame(goesOn, "b") + clientFrame(ends, "c"),
        "binary 616263\nidle");
    row("first fragment empty", clientFrame(textBegins, {}) + clientFrame(ends, "a"), "text a\nidle");
    row("last fragment empty", clientFrame(textBegins, "a") + clientFrame(ends, {}), "text a\nidle");
    row("all fragments empty", clientFrame(textBegins, {}) + clientFrame(goesOn, {}) + clientFrame(ends, {}),
        "text \nidle");
    row("message without its last fragment", clientFrame(textBegins, "a") + clientFrame(goesOn, "b"), "in message");
    row("message after a fragmented one",
        clientFrame(textBegins, "a") + clientFrame(ends, "b") + clientFrame(binary, "c"), "text ab\nbinary 63\nidle");

    row("empty ping", clientFrame(ping, {}), "ping \nidle");
    row("ping", clientFrame(ping, "ab"), "ping 6162\nidle");
    row("ping of bytes that are no text", clientFrame(ping, "\xff\xfe"), "ping fffe\nidle");
    row("largest ping", clientFrame(ping, QByteArray(125, 'a')),
        "ping " + shownPayload(QByteArray(125, 'a'), false) + "\nidle");
    row("pong nobody asked for", clientFrame(pong, "x"), "pong 78\nidle");
    row("ten pings", clientFrame(ping, "x").repeated(10), QByteArray("ping 78\n").repeated(10) + "idle");
    row("ping between fragments", clientFrame(textBegins, "a") + clientFrame(ping, "p") + clientFrame(ends, "b"),
        "ping 70\ntext ab\nidle");
    row("pings between all fragments",
        clientFrame(textBegins, "a") + clientFrame(ping, "1") + clientFrame(goesOn, "b") + clientFrame(pong, "2") +
            clientFrame(ends, "c"),
        "ping 31\npong 32\ntext abc\nidle");
    row("ping within a character",
        clientFrame(textBegins, "\xc3") + clientFrame(ping, "\xff") + clientFrame(ends, "\xa9"),
        "ping ff\ntext \xc3\xa9\nidle");
}

void WebSocketDecoderTest::messages()
{
    check();
}

void WebSocketDecoderTest::breaches_data()
{
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const QByteArray &stream, const QByteArray &reason,
                        const QByteArray &before = {}) {
        // What follows a failure is not looked at.
        QTest::newRow(name) << stream + clientFrame(text, "more") << before + "failure 1002 " + reason + "\nended";
    };
    row("no mask", QByteArray::fromHex("810548656c6c6f"), "frame without a mask");
    row("ping without mask", QByteArray::fromHex("8900"), "frame without a mask");
    row("RSV1 without an extension", clientFrame(text | 0x40, "a"), "reserved bit");
    row("RSV2", clientFrame(text | 0x20, "a"), "reserved bit");
    row("RSV3", clientFrame(text | 0x10, "a"), "reserved bit");
    row("all reserved bits on a ping", clientFrame(ping | 0x70, {}), "reserved bit");
    row("RSV2 on a close", clientFrame(0x88 | 0x20, {}), "reserved bit");
    row("reserved bit after a message", clientFrame(text, "a") + clientFrame(text | 0x10, "b"), "reserved bit",
        "text a\n");
    for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
        row(("opcode " + QByteArray::number(opcode)).constData(), clientFrame(static_cast<quint8>(0x80 | opcode), {}),
            "reserved opcode");
    row("reserved opcode within a message", clientFrame(textBegins, "a") + clientFrame(0x83, {}), "reserved opcode");
    row("fragmented ping", clientFrame(0x09, "a"), "fragmented control frame");
    row("fragmented pong", clientFrame(0x0a, "a"), "fragmented control frame");
    row("fragmented close", clientFrame(0x08, {}), "fragmented control frame");
    row("ping of 126 bytes", clientFrame(ping, QByteArray(126, 'a')), "control frame too large");
    row("pong of 65536 bytes", clientFrame(pong, QByteArray(65536, 'a')), "control frame too large");
    row("close of 126 bytes", clientFrame(0x88, QByteArray(126, 'a')), "control frame too large");
    row("small ping, long length", clientFrame(ping, "a", 2, 1), "control frame too large");
    row("continuation of nothing", clientFrame(ends, "a"), "continuation of no message");
    row("unfinished continuation of nothing", clientFrame(goesOn, {}), "continuation of no message");
    row("continuation after a whole message", clientFrame(text, "a") + clientFrame(ends, "b"),
        "continuation of no message", "text a\n");
    row("continuation after a ping", clientFrame(ping, {}) + clientFrame(ends, "b"), "continuation of no message",
        "ping \n");
    row("text within a text", clientFrame(textBegins, "a") + clientFrame(text, "b"), "new message within a message");
    row("binary within a text", clientFrame(textBegins, "a") + clientFrame(binaryBegins, "b"),
        "new message within a message");
    row("text after fragments and a ping",
        clientFrame(textBegins, "a") + clientFrame(goesOn, "b") + clientFrame(ping, {}) + clientFrame(text, "c"),
        "new message within a message", "ping \n");
    row("length 125 in two bytes", clientFrame(text, QByteArray(125, 'a'), 2, 125),
        "length in more bytes than it takes");
    row("length 0 in two bytes", clientFrame(text, {}, 2, 0), "length in more bytes than it takes");
    row("length 65535 in eight bytes", clientFrame(binary, QByteArray(10, 'a'), 8, 65535),
        "length in more bytes than it takes");
    row("length 5 in eight bytes", clientFrame(text, "Hello", 8, 5), "length in more bytes than it takes");
    row("length with the top bit", clientFrame(text, "a", 8, 0x8000000000000001), "length of more than 63 bits");
}

void WebSocketDecoderTest::breaches()
{
    check();
}

void WebSocketDecoderTest::closes_data()
{
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const QByteArray &stream, const QByteArray &event) {
        QTest::newRow(name) << stream << event + "\nended";
    };
    row("no code", clientFrame(0x88, {}), "close 1005 ");
    row("code and reason", clientClose(1000, "bye"), "close 1000 bye");
    row("longest reason", clientClose(1000, QByteArray(123, 'a')),
        "close 1000 " + shownPayload(QByteArray(123, 'a'), true));
    row("reason of several scripts", clientClose(1001, "\xce\xba\xf0\x9f\x98\x80"),
        "close 1001 \xce\xba\xf0\x9f\x98\x80");
    row("frames after it", clientClose(1000) + clientFrame(text, "a") + clientFrame(0x83, {}), "close 1000 ");
    row("second close", clientClose(1000) + clientClose(1001), "close 1000 ");
    row("within a message", clientFrame(textBegins, "a") + clientClose(1000), "close 1000 ");
    for (const quint16 code : std::initializer_list<quint16>{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012,
                                                             1013, 1014, 3000, 3999, 4000, 4999}) {
        const QByteArray number = QByteArray::number(code);
        row(("code " + number).constData(), clientClose(code), "close " + number + ' ');
    }
    for (const quint16 code :
         std::initializer_list<quint16>{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
        row(("invalid code " + QByteArray::number(code)).constData(), clientClose(code, "x"),
            "failure 1002 invalid close code");
    row("one byte", clientFrame(0x88, "\x03"), "failure 1002 close code of one byte");
    row("reason not UTF-8", clientClose(1000, "\xce\xba\xff"), "failure 1007 close reason is not UTF-8");
    row("reason ends within a character", clientClose(1000, "\xce"), "failure 1007 close reason is not UTF-8");
    row("reason with a surrogate", clientClose(1000, "\xed\xa0\x80"), "failure 1007 close reason is not UTF-8");
}

void WebSocketDecoderTest::closes()
{
    check();
}

void WebSocketDecoderTest::utf8_data()
{
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<QByteArray>("expected");
    const auto valid = [](const char *name, const QByteArray &payload) {
        QTest::newRow(name) << clientFrame(text, payload) << "text " + payload + "\nidle";
        QByteArray pieces = clientFrame(textBegins, {});
        for (qsizetype at = 0; at < payload.size(); ++at)
            pieces += clientFrame(goesOn, payload.sliced(at, 1));
        QTest::addRow("%s, a fragment for each byte", name)
            << pieces + clientFrame(ends, {}) << "text " + payload + "\nidle";
    };
    const auto invalid = [](const char *name, const QByteArray &payload) {
        QTest::newRow(name) << clientFrame(text, payload) << "failure 1007 text is not UTF-8\nended"_ba;
    };
    valid("Greek", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5");
    valid("NUL", "a\0b"_ba);
    valid("U+007F and U+0080", "\x7f\xc2\x80");
    valid("U+07FF and U+0800", "\xdf\xbf\xe0\xa0\x80");
    valid("around the surrogates", "\xed\x9f\xbf\xee\x80\x80");
    valid("U+FFFD, U+FFFE, U+FFFF", "\xef\xbf\xbd\xef\xbf\xbe\xef\xbf\xbf");
    valid("U+10000", "\xf0\x90\x80\x80");
    valid("U+10FFFF", "\xf4\x8f\xbf\xbf");
    valid("character over the border of eight bytes", "1234567\xf0\x9f\x98\x80 1234567\xe2\x82\xac");
    invalid("U+110000", "\xf4\x90\x80\x80");
    invalid("lead of five bytes", "\xf8\x88\x80\x80\x80");
    invalid("lead of six bytes", "\xfc\x84\x80\x80\x80\x80");
    invalid("FE and FF", "\xfe\xff");
    invalid("overlong slash of two bytes", "\xc0\xaf");
    invalid("overlong slash of three bytes", "\xe0\x80\xaf");
    invalid("overlong slash of four bytes", "\xf0\x80\x80\xaf");
    invalid("overlong U+007F", "\xc1\xbf");
    invalid("overlong U+07FF", "\xe0\x9f\xbf");
    invalid("overlong U+FFFF", "\xf0\x8f\xbf\xbf");
    invalid("first surrogate", "\xed\xa0\x80");
    invalid("last surrogate", "\xed\xbf\xbf");
    invalid("pair of surrogates", "\xed\xa0\xbd\xed\xb8\x80");
    invalid("continuation alone", "a\x80");
    invalid("character cut by ASCII", "\xe2\x82 ");
    invalid("ends within a character", "ab\xe2\x82");
    invalid("bad byte after eight good ones", "12345678\xff");
    QTest::newRow("message ends within a character, over fragments")
        << clientFrame(textBegins, "\xe2") + clientFrame(ends, "\x82") << "failure 1007 text is not UTF-8\nended"_ba;
    QTest::newRow("next message does not go on with a character")
        << clientFrame(text, "\xe2\x82") + clientFrame(text, "\xac") << "failure 1007 text is not UTF-8\nended"_ba;
}

void WebSocketDecoderTest::utf8()
{
    check();
}

void WebSocketDecoderTest::limits_data()
{
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<QByteArray>("expected");
    const QByteArray tooLarge = "failure 1009 message too large\nended";
    const auto filled = [](qsizetype size) { return QByteArray(size, 'a'); };
    const auto shownBinary = [&](qsizetype size) -> QByteArray {
        return "binary " + shownPayload(filled(size), false) + '\n';
    };
    QTest::newRow("message of just the limit") << clientFrame(binary, filled(maxMessage)) << shownBinary(1000) + "idle";
    QTest::newRow("announced one byte over") << clientFrame(binary, {}, 2, maxMessage + 1) << tooLarge;
    QTest::newRow("announced 2^63 - 1 bytes") << clientFrame(binary, {}, 8, 0x7fffffffffffffff) << tooLarge;
    QTest::newRow("announced 65536 bytes") << clientFrame(text, {}, 8, 65536) << tooLarge;
    QTest::newRow("fragments of just the limit")
        << clientFrame(binaryBegins, filled(600)) + clientFrame(ends, filled(400)) << shownBinary(1000) + "idle";
    QTest::newRow("fragments of one byte over")
        << clientFrame(binaryBegins, filled(600)) + clientFrame(ends, {}, 2, 401) << tooLarge;
    QTest::newRow("last fragment of 2^63 - 1 bytes")
        << clientFrame(binaryBegins, "a") + clientFrame(ends, {}, 8, 0x7fffffffffffffff) << tooLarge;
    QTest::newRow("controls do not count")
        << clientFrame(binaryBegins, filled(999)) + clientFrame(ping, filled(100)) + clientFrame(ends, "a")
        << "ping " + shownPayload(filled(100), false) + '\n' + shownBinary(1000) + "idle";
    QTest::newRow("each message has the whole limit")
        << clientFrame(binary, filled(900)).repeated(2) << shownBinary(900) + shownBinary(900) + "idle";
    QTest::newRow("empty fragments up to the limit")
        << clientFrame(binaryBegins, {}) + clientFrame(goesOn, {}).repeated(8) + clientFrame(ends, {})
        << "binary \nidle"_ba;
    QTest::newRow("one empty fragment more")
        << clientFrame(binaryBegins, {}) + clientFrame(goesOn, {}).repeated(9) + clientFrame(ends, {})
        << "failure 1008 too many fragments\nended"_ba;
    QTest::newRow("each message has its own fragments")
        << (clientFrame(binaryBegins, {}) + clientFrame(goesOn, {}).repeated(4) + clientFrame(ends, {})).repeated(3)
        << "binary \nbinary \nbinary \nidle"_ba;
    QTest::newRow("tiny fragments without end")
        << clientFrame(binaryBegins, "a") + clientFrame(goesOn, "a").repeated(50)
        << "failure 1008 too many fragments\nended"_ba;
    QTest::newRow("many fragments of some size")
        << clientFrame(binaryBegins, filled(20)) + clientFrame(goesOn, filled(20)).repeated(40) + clientFrame(ends, "a")
        << "binary " + shownPayload(filled(820) + "a", false) + "\nidle";
}

void WebSocketDecoderTest::limits()
{
    check({.limits = {.messageBytes = maxMessage, .fragments = 10}});
}

void WebSocketDecoderTest::failsInTheMiddleOfAFrame()
{
    // Of a frame of 100 bytes only the first bad one has come.
    const QByteArray frame = clientFrame(text, "abc\xff" + QByteArray(96, 'a'));
    Decoder decoder({});
    QCOMPARE(decoder.feed(QByteArrayView(frame).first(9)).event, Decoder::Event::None);
    QCOMPARE(decoder.feed(QByteArrayView(frame).sliced(9, 1)).event, Decoder::Event::Failure);

    // U+110000 is known with its second byte.
    const QByteArray beyond = clientFrame(textBegins, "\xf4\x90");
    Decoder other({});
    QCOMPARE(other.feed(beyond).closeCode, quint16(InvalidPayload));
}

void WebSocketDecoderTest::largeMessages_data()
{
    QTest::addColumn<qsizetype>("size");
    QTest::addColumn<qsizetype>("fragment");
    for (const qsizetype size : {65535, 65536, 262144, 1048576, 2097152}) {
        for (const qsizetype fragment : {qsizetype(64), qsizetype(4096), size})
            QTest::addRow("%lld bytes in fragments of %lld", size, fragment) << size << fragment;
    }
}

void WebSocketDecoderTest::largeMessages()
{
    QFETCH(const qsizetype, size);
    QFETCH(const qsizetype, fragment);
    QByteArray message(size, Qt::Uninitialized);
    QRandomGenerator random(5200);
    for (char &byte : message)
        byte = static_cast<char>(random.bounded(256));
    QByteArray stream;
    for (qsizetype at = 0; at < size; at += fragment) {
        const quint8 fin = at + fragment >= size ? 0x80 : 0;
        const quint8 opcode = at == 0 ? 2 : 0;
        stream += clientFrame(fin | opcode, QByteArrayView(message).sliced(at, qMin(fragment, size - at)));
    }
    Decoder decoder({});
    QByteArrayView rest = stream;
    Decoder::Step step;
    const size_t before = heapCount().allocations;
    while (!rest.isEmpty()) {
        step = decoder.feed(rest.first(qMin(rest.size(), qsizetype(16 * 1024))));
        rest = rest.sliced(step.consumed);
    }
    QCOMPARE(step.event, Decoder::Event::Binary);
    QVERIFY(step.payload == message);
    QVERIFY(step.payload.capacity() <= 2 * size);
    QVERIFY(heapCount().allocations - before <= 20); // doubled each time, not grown with each fragment
}

void WebSocketDecoderTest::clientRole()
{
    const DecoderSetting setting{.role = Decoder::Role::Client};
    QCOMPARE(webSocketTranscriptOfAnySplit(QByteArray::fromHex("810548656c6c6f"), setting), "text Hello\nidle");
    QCOMPARE(webSocketTranscriptOfAnySplit(clientFrame(text, "a"), setting), "failure 1002 frame with a mask\nended");
    QByteArray stream;
    appendFrameHeader(stream, Opcode::Ping, true, false, 0);
    appendCloseFrame(stream, GoingAway, "bye");
    QCOMPARE(webSocketTranscriptOfAnySplit(stream, setting), "ping \nclose 1001 bye\nended");
}

void WebSocketDecoderTest::randomMessagesInRandomFragments()
{
    QRandomGenerator random(6455);
    const auto below = [&random](qsizetype bound) { return qsizetype(random.bounded(int(bound))); };
    const auto pinged = [&](QByteArray &stream, QByteArray &expected) {
        if (below(4) > 0)
            return;
        const QByteArray payload(below(20), 'p');
        stream += clientFrame(ping, payload);
        expected += "ping " + payload.toHex() + '\n';
    };
    for (int round = 0; round < 300; ++round) {
        QByteArray stream;
        QByteArray expected;
        for (qsizetype messages = 1 + below(4); messages > 0; --messages) {
            const bool isText = below(2) == 0;
            QByteArray message;
            for (qsizetype characters = below(15); characters > 0; --characters)
                message += QString::fromUcs4(U"aé€😀" + below(4), 1).toUtf8();
            QByteArrayView rest = message;
            quint8 opcode = isText ? 1 : 2;
            while (below(3) > 0) {
                const QByteArrayView fragment = rest.first(below(rest.size() + 1));
                stream += clientFrame(opcode, fragment);
                rest = rest.sliced(fragment.size());
                opcode = 0;
                pinged(stream, expected);
            }
            stream += clientFrame(0x80 | opcode, rest);
            expected += isText ? "text " + message + '\n' : "binary " + message.toHex() + '\n';
            pinged(stream, expected);
        }
        QList<QByteArrayView> pieces;
        for (QByteArrayView rest = stream; !rest.isEmpty();) {
            pieces.append(rest.first(1 + below(qMin<qsizetype>(rest.size(), 30))));
            rest = rest.sliced(pieces.last().size());
        }
        QCOMPARE(webSocketTranscriptOf(pieces), expected + "idle");
    }
}

void WebSocketDecoderTest::announcedBytesAreNotReserved()
{
    if (!countsHeap)
        QSKIP("the heap is not counted");
    const QByteArray begin = clientFrame(binary, QByteArray(1000, 'a'), 8, 2 * 1024 * 1024);
    Decoder decoder({});
    const size_t before = heapCount().bytes;
    QCOMPARE(decoder.feed(begin).event, Decoder::Event::None);
    const size_t taken = heapCount().bytes - before;
    QVERIFY2(taken >= 1000 && taken <= 2100, QByteArray::number(quint64(taken)).constData());
}

void WebSocketDecoderTest::idleDecoderIsSmall()
{
    // Each of thousands of idle connections holds one, and no more than it.
    QVERIFY2(sizeof(Decoder) <= 104, QByteArray::number(quint64(sizeof(Decoder))).constData());
    const QByteArray stream = clientFrame(textBegins, "a") + clientFrame(ping, "b") + clientFrame(ends, "c");
    Decoder decoder({});
    const HeapCount before = heapCount();
    for (qsizetype at = 0; at < stream.size(); ++at)
        (void)decoder.feed(QByteArrayView(stream).sliced(at, 1));
    const HeapCount after = heapCount();
    QVERIFY(!decoder.inMessage());
    QCOMPARE(after.bytes, before.bytes);
    QVERIFY(!countsHeap || after.allocations > before.allocations);
}

void WebSocketDecoderTest::wholeMessageTakesOneAllocation()
{
    if (!countsHeap)
        QSKIP("the heap is not counted");
    const QByteArray stream = clientFrame(text, QByteArray(1000, 'a')) + clientFrame(ping, {}) + clientFrame(text, {});
    Decoder decoder({});
    const HeapCount before = heapCount();
    const Decoder::Step step = decoder.feed(stream);
    const HeapCount between = heapCount();
    (void)decoder.feed(QByteArrayView(stream).sliced(step.consumed));
    const HeapCount after = heapCount();
    QCOMPARE(step.payload.size(), 1000);
    QCOMPARE(between.allocations - before.allocations, size_t(1));
    QVERIFY(between.bytes - before.bytes < 1050);
    QCOMPARE(after.allocations, between.allocations);
}

QTEST_APPLESS_MAIN(WebSocketDecoderTest)
#include "tst_websocketdecoder.moc"
