#include "protocol/websocket/frame.h"
#include "protocol/websocket/utf8.h"

#include <QTest>

#include <array>

using namespace Quern::protocol::websocket;

/// What frames are made of: headers, close frames, masks, UTF-8.
class WebSocketFrameTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void headers_data();
    void headers();
    void closeFrames_data();
    void closeFrames();
    void masks();
    void utf8OfUpToThreeBytes();
    void utf8OfFourBytes();
    void utf8OfEachCharacter();

private:
    static bool isValid(QByteArrayView bytes);
    static bool isValidByteByByte(QByteArrayView bytes);
};

void WebSocketFrameTest::headers_data()
{
    QTest::addColumn<Opcode>("opcode");
    QTest::addColumn<bool>("fin");
    QTest::addColumn<bool>("rsv1");
    QTest::addColumn<quint64>("length");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, Opcode opcode, bool fin, bool rsv1, quint64 length, const char *hex) {
        QTest::newRow(name) << opcode << fin << rsv1 << length << QByteArray(hex);
    };
    row("empty text", Opcode::Text, true, false, 0, "8100");
    row("first fragment", Opcode::Binary, false, false, 1, "0201");
    row("fragment", Opcode::Continuation, false, false, 2, "0002");
    row("last fragment", Opcode::Continuation, true, false, 3, "8003");
    row("compressed text", Opcode::Text, true, true, 5, "c105");
    row("first fragment of a compressed text", Opcode::Text, false, true, 5, "4105");
    row("close", Opcode::Close, true, false, 2, "8802");
    row("ping", Opcode::Ping, true, false, 4, "8904");
    row("pong", Opcode::Pong, true, false, 125, "8a7d");
    row("126 bytes", Opcode::Binary, true, false, 126, "827e007e");
    row("65535 bytes", Opcode::Binary, true, false, 65535, "827effff");
    row("65536 bytes", Opcode::Binary, true, false, 65536, "827f0000000000010000");
    row("all bytes there are", Opcode::Binary, true, false, 0x7fffffffffffffff, "827f7fffffffffffffff");
}

void WebSocketFrameTest::headers()
{
    QFETCH(const Opcode, opcode);
    QFETCH(const bool, fin);
    QFETCH(const bool, rsv1);
    QFETCH(const quint64, length);
    QFETCH(const QByteArray, expected);
    QByteArray out = "x";
    appendFrameHeader(out, opcode, fin, rsv1, length);
    QCOMPARE(out.toHex(), "78" + expected);
}

void WebSocketFrameTest::closeFrames_data()
{
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("reason");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, int code, const QByteArray &reason, const QByteArray &expected) {
        QTest::newRow(name) << code << reason << expected;
    };
    row("code alone", 1000, {}, "\x88\x02\x03\xe8");
    row("code and reason", 4999, "bye",
        "\x88\x05\x13\x87"
        "bye");
    row("no status", 1005, "lost", QByteArray("\x88\0", 2));
    row("code that must not be sent", 1015, "lost", QByteArray("\x88\0", 2));
    row("reason that just fits", 1001, QByteArray(123, 'a'), "\x88\x7d\x03\xe9" + QByteArray(123, 'a'));
    row("reason too long", 1001, QByteArray(124, 'a'), "\x88\x7d\x03\xe9" + QByteArray(123, 'a'));
    row("reason cut before a character of two bytes", 1001, QByteArray(122, 'a') + "\xc3\xa9",
        "\x88\x7c\x03\xe9" + QByteArray(122, 'a'));
    row("reason cut before a character of four bytes", 1001, QByteArray(120, 'a') + "\xf0\x9f\x98\x80",
        "\x88\x7a\x03\xe9" + QByteArray(120, 'a'));
    row("reason cut behind a character", 1001, QByteArray(119, 'a') + "\xf0\x9f\x98\x80\xc3\xa9",
        "\x88\x7d\x03\xe9" + QByteArray(119, 'a') + "\xf0\x9f\x98\x80");
}

void WebSocketFrameTest::closeFrames()
{
    QFETCH(const int, code);
    QFETCH(const QByteArray, reason);
    QFETCH(const QByteArray, expected);
    QByteArray out;
    appendCloseFrame(out, static_cast<quint16>(code), reason);
    QCOMPARE(out, expected);
}

void WebSocketFrameTest::masks()
{
    constexpr std::array<quint8, 4> key = {0x12, 0x00, 0xff, 0x80};
    constexpr MaskKey asNumber = 0x80ff0012;
    for (qsizetype size = 0; size <= 40; ++size) {
        QByteArray plain(size, Qt::Uninitialized);
        QByteArray masked(size, Qt::Uninitialized);
        for (qsizetype at = 0; at < size; ++at) {
            plain[at] = static_cast<char>(at * 37);
            masked[at] = static_cast<char>(plain[at] ^ key[static_cast<size_t>(at % 4)]);
        }
        QByteArray copy(size, '?');
        copyUnmasked(copy.data(), masked.constData(), size, asNumber);
        QCOMPARE(copy, plain);
        for (qsizetype cut = 0; cut <= size; ++cut) {
            QByteArray inPlace = masked;
            copyUnmasked(inPlace.data(), inPlace.data(), cut, asNumber);
            copyUnmasked(inPlace.data() + cut, inPlace.data() + cut, size - cut, advanced(asNumber, cut));
            QCOMPARE(inPlace, plain);
        }
    }
}

bool WebSocketFrameTest::isValid(QByteArrayView bytes)
{
    Utf8Validator validator;
    return validator.feed(bytes) && validator.isComplete();
}

bool WebSocketFrameTest::isValidByteByByte(QByteArrayView bytes)
{
    Utf8Validator validator;
    for (qsizetype at = 0; at < bytes.size(); ++at) {
        if (!validator.feed(bytes.sliced(at, 1)))
            return false;
    }
    return validator.isComplete();
}

void WebSocketFrameTest::utf8OfUpToThreeBytes()
{
    // All of them that ASCII does not begin, against Qt's.
    for (unsigned number = 0x7f0000; number < 1u << 24; ++number) {
        const std::array<char, 3> bytes = {static_cast<char>(number >> 16), static_cast<char>(number >> 8),
                                           static_cast<char>(number)};
        // The shorter ones, where they have not been looked at yet.
        for (const qsizetype size : {3, 2, 1}) {
            const QByteArrayView view(bytes.data(), size);
            const bool isExpected = view.isValidUtf8();
            if (isValid(view) != isExpected || isValidByteByByte(view) != isExpected)
                QFAIL(view.toByteArray().toHex().constData());
            if (bytes[static_cast<size_t>(size - 1)] != 0)
                break;
        }
    }
}

void WebSocketFrameTest::utf8OfFourBytes()
{
    // Where their ranges begin and end.
    constexpr std::array<int, 8> edges = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0xbf, 0xc0, 0xff};
    for (int lead = 0xe0; lead <= 0xff; ++lead) {
        for (int second = 0; second <= 0xff; ++second) {
            for (const int third : edges) {
                for (const int fourth : edges) {
                    const std::array<char, 4> bytes = {static_cast<char>(lead), static_cast<char>(second),
                                                       static_cast<char>(third), static_cast<char>(fourth)};
                    const QByteArrayView view(bytes.data(), 4);
                    if (isValid(view) != view.isValidUtf8() || isValidByteByByte(view) != view.isValidUtf8())
                        QFAIL(view.toByteArray().toHex().constData());
                }
            }
        }
    }
}

void WebSocketFrameTest::utf8OfEachCharacter()
{
    QByteArray all;
    for (char32_t character = 0; character <= 0x10ffff; ++character) {
        if (character < 0xd800 || character > 0xdfff)
            all += QString::fromUcs4(&character, 1).toUtf8();
    }
    QVERIFY(isValid(all));
    for (qsizetype cut = 0; cut < 100; ++cut) {
        Utf8Validator validator;
        const qsizetype at = all.size() / 100 * cut;
        QVERIFY(validator.feed(QByteArrayView(all).first(at)));
        QVERIFY(validator.feed(QByteArrayView(all).sliced(at)));
        QVERIFY(validator.isComplete());
    }
}

QTEST_APPLESS_MAIN(WebSocketFrameTest)
#include "tst_websocketframe.moc"
