#include "requesttranscript.h"
#include "sdk/src/httpsyntax_p.h"

#include <QRandomGenerator>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace Quern::protocol::http;

/// Requests that must be read, how they are read, and what the decoder promises about its own state and memory.
class RequestDecoderTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void accepted_data();
    void accepted();
    void methods();
    void unfinished_data();
    void unfinished();
    void pipelined();
    void pipelinedInRandomPieces();
    void headStaysInTheCallersBytes();
    void headMovesIntoTheDecoder();
    void headIsReportedOnceBeforeTheBody();
    void consumesOneMessageAtMost();
    void bodyCanBeTakenInPieces();
    void framingIsToldWithTheHead();
    void trailersAreTakenOnce();
    void emptyFeedChangesNothing();
    void messageIsReleased();
    void stateBetweenMessages();
    void idleDecoderIsSmall();
};

void RequestDecoderTest::accepted_data()
{
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const QByteArray &stream, const QByteArray &expected) {
        QTest::newRow(name) << stream << QByteArray(expected + "idle");
    };
    const auto get = [&row](const char *name, const QByteArray &target) {
        row(name, "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET " + target + " HTTP/1.1 keep-alive\nHost: a\n\n\n");
    };
    get("RFC 9112 3.2.1: root", "/"_ba);
    get("RFC 9112 3.2.1: query", "/a/b?c=d&e=%20f"_ba);
    get("RFC 9112 3.2.1: empty query", "/?"_ba);
    get("RFC 9112 3.2.1: two slashes", "//a//b"_ba);
    get("RFC 9112 3.2.1: all marks", "/!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~%"_ba);
    get("RFC 3986 2.1: escapes in both cases", "/%c3%A9%2f%25"_ba);
    get("RFC 3986 2.2: encoded slashes separate nothing", "/a%2Fb/%2f/%2F.a"_ba);
    get("RFC 3986 2.4: decoded once only", "/%252e%252e/%2500"_ba);
    get("RFC 3986 3.3: names that begin or end with dots", "/.a/..b/c./d../.../a.b/%2e.%2e"_ba);
    get("RFC 3986 3.4: dots, NUL and bare percent in the query", "/?/../%00%zz%"_ba);
    get("RFC 3986 3.4: the same in absolute-form", "http://a?/../%00%zz%"_ba);
    get("RFC 9112 3.2.1: path that looks like a URI", "/http://b/"_ba);
    get("RFC 9112 3.2.2: absolute-form", "http://example.com/a?b"_ba);
    get("RFC 9112 3.2.2: absolute-form without path", "http://example.com"_ba);
    get("RFC 9112 3.2.2: absolute-form with query only", "http://example.com?a"_ba);
    get("RFC 9112 3.2.2: https with port", "https://example.com:8443/"_ba);
    get("RFC 9112 3.2.2: scheme in capitals", "HTTP://example.com/"_ba);
    get("RFC 9112 3.2.2: IPv6 address", "http://[::1]:5200/"_ba);
    row("RFC 9112 3.2.4: asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"_ba,
        "OPTIONS * HTTP/1.1 keep-alive\nHost: a\n\n\n"_ba);

    for (const char *method : {"DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "M-SEARCH", "PURGE"}) {
        const QByteArray name = method;
        row(QByteArray("RFC 9110 9: " + name).constData(), name + " / HTTP/1.1\r\nHost: a\r\n\r\n",
            name + " / HTTP/1.1 keep-alive\nHost: a\n\n\n");
    }
    row("RFC 9110 9.3.2: HEAD", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"_ba,
        "HEAD / HTTP/1.1 keep-alive head\nHost: a\n\n\n"_ba);

    const auto field = [&row](const char *name, const QByteArray &line, const QByteArray &expected,
                              const QByteArray &flags = "keep-alive"_ba) {
        row(name, "GET / HTTP/1.1\r\nHost: a\r\n" + line + "\r\n\r\n",
            "GET / HTTP/1.1 " + flags + "\nHost: a\n" + expected + "\n\n\n");
    };
    field("RFC 9112 5: no space after the colon", "A:b"_ba, "A: b"_ba);
    field("RFC 9110 5.5: much space around the value", "A: \t b c \t "_ba, "A: b c"_ba);
    field("RFC 9110 5.5: empty value", "A:"_ba, "A: "_ba);
    field("RFC 9110 5.5: value of space", "A: \t "_ba, "A: "_ba);
    field("RFC 9110 5.5: tabs inside", "A: 1\t2\t3\t4\t5\t6\t7\t8\t9"_ba, "A: 1\t2\t3\t4\t5\t6\t7\t8\t9"_ba);
    field("RFC 9110 5.5: bytes from 0x80", "A: \x80\xc3\xa9\xff"_ba, "A: \x80\xc3\xa9\xff"_ba);
    field("RFC 9110 5.5: colons in value", "A: b: c"_ba, "A: b: c"_ba);
    field("RFC 9110 5.1: name of marks", "!#$%&'*+-.^_`|~09: b"_ba, "!#$%&'*+-.^_`|~09: b"_ba);
    field("RFC 9110 5.3: repeated field", "A: b\r\nA: c"_ba, "A: b\nA: c"_ba);
    field("RFC 9110 7.8: upgrade is ignored", "Connection: upgrade\r\nUpgrade: websocket"_ba,
          "Connection: upgrade\nUpgrade: websocket"_ba);
    field("RFC 9110 7.8: h2c is ignored", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c"_ba,
          "Connection: Upgrade, HTTP2-Settings\nUpgrade: h2c"_ba);
    field("RFC 9112 6.3: length of zero", "Content-Length: 0"_ba, "Content-Length: 0"_ba);
    field("RFC 9110 10.1.1: expectation without body", "Expect: 100-continue"_ba, "Expect: 100-continue"_ba);
    field("RFC 9110 10.1.1: expectation with length of zero", "Content-Length: 0\r\nExpect: 100-continue"_ba,
          "Content-Length: 0\nExpect: 100-continue"_ba);

    field("RFC 9112 9.6: close", "Connection: close"_ba, "Connection: close"_ba, "close"_ba);
    field("RFC 9112 9.6: close in capitals", "CONNECTION: CLOSE"_ba, "CONNECTION: CLOSE"_ba, "close"_ba);
    field("RFC 9112 9.6: close in a list", "Connection: foo ,\tClose , bar"_ba, "Connection: foo ,\tClose , bar"_ba,
          "close"_ba);
    field("RFC 9112 9.6: close in a second field", "Connection: foo\r\nConnection: close"_ba,
          "Connection: foo\nConnection: close"_ba, "close"_ba);
    field("RFC 9112 9.3: close wins over keep-alive", "Connection: keep-alive, close"_ba,
          "Connection: keep-alive, close"_ba, "close"_ba);
    field("RFC 9112 9.6: token that begins with close", "Connection: closed"_ba, "Connection: closed"_ba);
    field("RFC 9112 9.6: empty list members", "Connection: ,, ,"_ba, "Connection: ,, ,"_ba);
    row("RFC 9112 9.3: HTTP/1.0", "GET / HTTP/1.0\r\n\r\n"_ba, "GET / HTTP/1.0 close\n\n\n"_ba);
    row("RFC 9112 9.3: HTTP/1.0 with keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"_ba,
        "GET / HTTP/1.0 keep-alive\nConnection: Keep-Alive\n\n\n"_ba);
    row("RFC 9112 9.3: HTTP/1.0 with both", "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"_ba,
        "GET / HTTP/1.0 close\nConnection: keep-alive, close\n\n\n"_ba);

    for (const char *host : {"example.com", "example.com:80", "example.com:", "127.0.0.1:5200", "[::1]", "[fe80::1]:80",
                             "a_b.example", "xn--9ca.example", "", "%41", "a!$&'()*+,;=-._~"}) {
        const QByteArray value = host;
        row(QByteArray("RFC 9112 3.2: Host " + value).constData(), "GET / HTTP/1.1\r\nhost: " + value + "\r\n\r\n",
            "GET / HTTP/1.1 keep-alive\nhost: " + value + "\n\n\n");
    }

    row("RFC 9112 2.2: one empty line first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"_ba,
        "GET / HTTP/1.1 keep-alive\nHost: a\n\n\n"_ba);
    row("RFC 9112 2.2: two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"_ba,
        "GET / HTTP/1.1 keep-alive\nHost: a\n\n\n"_ba);
    row("RFC 9112 2.2: empty line after a body", "POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\na\r\n"_ba,
        "POST / HTTP/1.0 close\nContent-Length: 1\n\na\n"_ba);

    const auto post = [&row](const char *name, const QByteArray &line, const QByteArray &body,
                             const QByteArray &decoded, const QByteArray &flags = ""_ba) {
        row(name, "POST / HTTP/1.1\r\nHost: a\r\n" + line + "\r\n\r\n" + body,
            "POST / HTTP/1.1 keep-alive" + flags + "\nHost: a\n" + QByteArray(line).replace("\r\n", "\n") + "\n\n" +
                decoded + "\n");
    };
    post("RFC 9112 6.2: length", "Content-Length: 5"_ba, "hello"_ba, "hello"_ba);
    post("RFC 9112 6.2: length with leading zeros", "Content-Length: 0005"_ba, "hello"_ba, "hello"_ba);
    post("RFC 9112 6.2: body of CRLF and NUL", "content-length: 6"_ba, "\r\n\r\n\0\n"_ba, "\r\n\r\n\0\n"_ba);
    post("RFC 9110 10.1.1: expectation", "Content-Length: 2\r\nExpect: 100-Continue"_ba, "ab"_ba, "ab"_ba,
         " expect"_ba);
    row("RFC 9110 10.1.1: HTTP/1.0 expects in vain",
        "POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nab"_ba,
        "POST / HTTP/1.0 close\nContent-Length: 2\nExpect: 100-continue\n\nab\n"_ba);
    row("RFC 9110 10.1.1: HTTP/1.0 expects the unknown", "GET / HTTP/1.0\r\nExpect: x\r\n\r\n"_ba,
        "GET / HTTP/1.0 close\nExpect: x\n\n\n"_ba);
    row("RFC 9112 6.3: GET with body", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"_ba,
        "GET / HTTP/1.1 keep-alive\nHost: a\nContent-Length: 2\n\nab\n"_ba);
    row("RFC 9112 6.3: POST without length has no body", "POST / HTTP/1.1\r\nHost: a\r\n\r\n"_ba,
        "POST / HTTP/1.1 keep-alive\nHost: a\n\n\n"_ba);
    post("RFC 9110 7.8: body before an upgrade", "Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 2"_ba, "ab"_ba,
         "ab"_ba);

    const QByteArray chunked = "Transfer-Encoding: chunked"_ba;
    post("RFC 9112 7.1: chunks", chunked, "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"_ba, "abcde"_ba);
    post("RFC 9112 7.1: no data", chunked, "0\r\n\r\n"_ba, ""_ba);
    post("RFC 9112 7.1: several zeros at the end", chunked, "1\r\na\r\n000\r\n\r\n"_ba, "a"_ba);
    post("RFC 9112 7.1: hexadecimal in both cases", chunked, "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"_ba,
         "01234567890123456789"_ba);
    post("RFC 9112 7.1: sixteen digits", chunked, "0000000000000003\r\nabc\r\n0\r\n\r\n"_ba, "abc"_ba);
    post("RFC 9112 7.1: data that looks like framing", chunked, "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"_ba,
         "\r\n0\r\n\r\n"_ba);
    post("RFC 9112 7.1.1: extensions", chunked, "3;a=b;c=\"d e\"\r\nabc\r\n0;x\r\n\r\n"_ba, "abc"_ba);
    post("RFC 9112 7.1.2: trailers", chunked,
         "1\r\na\r\n0\r\nB: c\r\nContent-Digest:\t sha-256=:x: \t\r\nD:\r\nE: \t\r\n\r\n"_ba,
         "a\ntrailer B: c\ntrailer Content-Digest: sha-256=:x:\ntrailer D: \ntrailer E: "_ba);
    for (const char *name : {"Content-Length", "transfer-encoding", "HOST", "Authorization", "Cookie", "Content-Type",
                             "X-Forwarded-For", "Forwarded", "Connection", "Range", "If-Match", "Trailer", "Expect"}) {
        const QByteArray forbidden = name;
        post(QByteArray("RFC 9110 6.5.1: not in a trailer: " + forbidden).constData(), chunked,
             "0\r\nA: b\r\n" + forbidden + ": c\r\nD: e\r\n\r\n", "\ntrailer A: b\ntrailer D: e"_ba);
    }
    row("RFC 9112 7: chunked in capitals, space around it",
        "POST / HTTP/1.1\r\nHost: a\r\nTRANSFER-ENCODING:\t CHUNKED \r\n\r\n1\r\na\r\n0\r\n\r\n"_ba,
        "POST / HTTP/1.1 keep-alive\nHost: a\nTRANSFER-ENCODING: CHUNKED\n\na\n"_ba);
    post("RFC 9110 10.1.1: expectation of a chunked body", chunked + "\r\nExpect: 100-continue", "0\r\n\r\n"_ba, ""_ba,
         " expect"_ba);
}

void RequestDecoderTest::accepted()
{
    QFETCH(QByteArray, stream);
    QFETCH(QByteArray, expected);
    QCOMPARE(Quern::tests::transcriptOfAnySplit(stream), expected);
    // The same twice over one connection: nothing of the first message may be left for the second.
    QCOMPARE(Quern::tests::transcriptOfAnySplit(stream + stream), expected.chopped(4) + expected);
}

void RequestDecoderTest::methods()
{
    const auto stateOf = [](const std::string_view method) {
        RequestDecoder decoder(RequestLimits{});
        return decoder.feed(QByteArray(method.data(), qsizetype(method.size())) + " / HTTP/1.1\r\nHost: a\r\n\r\n")
            .state;
    };
    // What routes may be registered for is what comes through.
    for (const std::string_view method : Quern::knownMethods)
        QVERIFY2(stateOf(method) == RequestDecoder::State::Complete, method.data());
    for (const char *method : {"CONNECT", "PRI", "QUERY", "FOO", "DESCRIBE", "get"})
        QVERIFY2(stateOf(method) == RequestDecoder::State::Refused && !Quern::isKnownMethod(method), method);
}

void RequestDecoderTest::unfinished_data()
{
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("nothing") << ""_ba
                             << "idle"_ba;
    QTest::newRow("empty line only") << "\r\n"_ba
                                     << "idle"_ba;
    QTest::newRow("half an empty line") << "\r"_ba
                                        << "idle"_ba;
    QTest::newRow("one byte") << "G"_ba
                              << "in head"_ba;
    QTest::newRow("target") << "GET /abc"_ba
                            << "in head"_ba;
    QTest::newRow("CR of the request line") << "GET / HTTP/1.1\r"_ba
                                            << "in head"_ba;
    QTest::newRow("fields") << "GET / HTTP/1.1\r\nHost: a\r\n"_ba
                            << "in head"_ba;
    QTest::newRow("LF missing") << "GET / HTTP/1.1\r\nHost: a\r\n\r"_ba
                                << "in head"_ba;
    QTest::newRow("no body yet") << "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"_ba
                                 << "in body"_ba;
    QTest::newRow("body one byte short") << "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab"_ba
                                         << "in body"_ba;
    const QByteArray chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"_ba;
    QTest::newRow("no chunk yet") << chunked << "in body"_ba;
    QTest::newRow("chunk size without LF") << chunked + "3\r"
                                           << "in body"_ba;
    QTest::newRow("chunk one byte short") << chunked + "3\r\nab"
                                          << "in body"_ba;
    QTest::newRow("last chunk without empty line") << chunked + "0\r\n"
                                                   << "in body"_ba;
    QTest::newRow("last chunk without the last LF") << chunked + "0\r\nA: b\r\n\r"
                                                    << "in body"_ba;
}

void RequestDecoderTest::unfinished()
{
    QFETCH(QByteArray, stream);
    QFETCH(QByteArray, expected);
    QCOMPARE(Quern::tests::transcriptOfAnySplit(stream), expected);
}

namespace {

struct Conversation
{
    QByteArray stream;
    QByteArray expected;
};

Conversation mixedConversation()
{
    return {"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
            "\r\n"
            "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nGET "
            "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
            "POST /4 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n0\r\nT: u\r\n\r\n"
            "HEAD /5 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
            "PUT /6 HTTP/1.1\r\nHost: b\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"
            "GET /7 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"_ba,
            "GET /1 HTTP/1.1 keep-alive\nHost: a\n\n\n"
            "POST /2 HTTP/1.1 keep-alive\nHost: a\nContent-Length: 4\n\nGET \n"
            "GET /3 HTTP/1.1 keep-alive\nHost: a\nConnection: upgrade\nUpgrade: websocket\n\n\n"
            "POST /4 HTTP/1.1 keep-alive\nHost: a\nTransfer-Encoding: chunked\n\nab\ntrailer T: u\n"
            "HEAD /5 HTTP/1.0 keep-alive head\nConnection: keep-alive\n\n\n"
            "PUT /6 HTTP/1.1 keep-alive expect\nHost: b\nExpect: 100-continue\nContent-Length: 1\n\nx\n"
            "GET /7 HTTP/1.1 close\nHost: a\nConnection: close\n\n\n"
            "idle"_ba};
}

} // namespace

void RequestDecoderTest::pipelined()
{
    const auto [stream, expected] = mixedConversation();
    QCOMPARE(Quern::tests::transcriptOfAnySplit(stream), expected);
}

void RequestDecoderTest::pipelinedInRandomPieces()
{
    const auto [stream, expected] = mixedConversation();
    QRandomGenerator random(9112);
    for (int round = 0; round < 2000; ++round) {
        QList<QByteArrayView> pieces;
        for (qsizetype at = 0; at < stream.size();) {
            const qsizetype length = qMin(qsizetype(random.bounded(1, 120)), stream.size() - at);
            pieces.append(QByteArrayView(stream).sliced(at, length));
            at += length;
        }
        QCOMPARE(Quern::tests::transcriptOf(pieces), expected);
    }
}

void RequestDecoderTest::headStaysInTheCallersBytes()
{
    const QByteArray stream = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"_ba;
    RequestDecoder decoder({});
    QCOMPARE(decoder.feed(stream).state, RequestDecoder::State::Complete);
    QCOMPARE(decoder.head().bytes.data(), stream.constData());
    QCOMPARE(decoder.head().bytes.size(), stream.size() - 2);
    QCOMPARE(decoder.head().targetBytes().data(), stream.constData() + 5);
}

void RequestDecoderTest::headMovesIntoTheDecoder()
{
    QByteArray head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"_ba;
    const QByteArray original = head;
    RequestDecoder decoder({});
    QCOMPARE(decoder.feed(head).state, RequestDecoder::State::HeadComplete);
    head.fill('!');
    QCOMPARE(decoder.head().bytes, original);
    QCOMPARE(decoder.feed("ab").state, RequestDecoder::State::Complete);
    QCOMPARE(decoder.head().bytes, original);
    QCOMPARE(decoder.takeBody(), "ab"_ba);
}

void RequestDecoderTest::headIsReportedOnceBeforeTheBody()
{
    RequestDecoder decoder({});
    QCOMPARE(decoder.feed("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r").state,
             RequestDecoder::State::Incomplete);
    const auto step = decoder.feed("\n");
    QCOMPARE(step.state, RequestDecoder::State::HeadComplete);
    QCOMPARE(step.consumed, 1);
    QVERIFY(decoder.head().expectContinue);
    QVERIFY(decoder.inMessage());
    QVERIFY(!decoder.inHead());
    QCOMPARE(decoder.feed("ab").state, RequestDecoder::State::Incomplete);
    QCOMPARE(decoder.feed("c").state, RequestDecoder::State::Complete);
}

void RequestDecoderTest::consumesOneMessageAtMost()
{
    const QByteArray first = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"_ba;
    const QByteArray second = "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"_ba;
    const QByteArray stream = first + second + first;
    RequestDecoder decoder({});
    auto step = decoder.feed(stream);
    QCOMPARE(step.consumed, first.size());
    QCOMPARE(decoder.head().targetBytes(), QByteArrayView("/1"));
    step = decoder.feed(QByteArrayView(stream).sliced(first.size()));
    QCOMPARE(step.consumed, second.size());
    QCOMPARE(decoder.head().targetBytes(), QByteArrayView("/2"));
}

void RequestDecoderTest::bodyCanBeTakenInPieces()
{
    RequestDecoder decoder({});
    QCOMPARE(decoder.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nab").state,
             RequestDecoder::State::HeadComplete);
    QCOMPARE(decoder.takeBody(), "ab"_ba);
    QCOMPARE(decoder.feed("cd").state, RequestDecoder::State::Incomplete);
    QCOMPARE(decoder.takeBody(), "cd"_ba);
    QCOMPARE(decoder.takeBody(), QByteArray());
    QCOMPARE(decoder.feed("ef").state, RequestDecoder::State::Complete);
    QCOMPARE(decoder.takeBody(), "ef"_ba);
}

void RequestDecoderTest::framingIsToldWithTheHead()
{
    RequestDecoder decoder({});
    QCOMPARE(decoder.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n").state,
             RequestDecoder::State::HeadComplete);
    QCOMPARE(decoder.head().contentLength, std::optional<quint64>(3));
    QVERIFY(!decoder.head().chunked);
    QCOMPARE(decoder.feed("abc").state, RequestDecoder::State::Complete);
    QCOMPARE(decoder.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").state,
             RequestDecoder::State::HeadComplete);
    QCOMPARE(decoder.head().contentLength, std::optional<quint64>());
    QVERIFY(decoder.head().chunked);
    QCOMPARE(decoder.feed("0\r\n\r\n").state, RequestDecoder::State::Complete);
    QCOMPARE(decoder.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n").state, RequestDecoder::State::Complete);
    QCOMPARE(decoder.head().contentLength, std::optional<quint64>());
    QVERIFY(!decoder.head().chunked);
    QCOMPARE(decoder.feed("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").state,
             RequestDecoder::State::Complete);
    QCOMPARE(decoder.head().contentLength, std::optional<quint64>(0));
}

void RequestDecoderTest::trailersAreTakenOnce()
{
    const QByteArray head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"_ba;
    RequestDecoder decoder({});
    QCOMPARE(decoder.feed(head + "0\r\nA:b\r\nHost: c\r\n\r\n").state, RequestDecoder::State::Complete);
    QCOMPARE(decoder.takeTrailers(), "A: b\r\n"_ba);
    QCOMPARE(decoder.takeTrailers(), QByteArray());
    QCOMPARE(decoder.feed(head + "0\r\n\r\n").state, RequestDecoder::State::Complete);
    QCOMPARE(decoder.takeTrailers(), QByteArray());
}

void RequestDecoderTest::emptyFeedChangesNothing()
{
    RequestDecoder decoder({});
    QCOMPARE(decoder.feed({}).state, RequestDecoder::State::Incomplete);
    QVERIFY(!decoder.inMessage());
    QCOMPARE(decoder.feed("GET / HTTP/1.1\r\nHost").state, RequestDecoder::State::Incomplete);
    QCOMPARE(decoder.feed({}).state, RequestDecoder::State::Incomplete);
    QVERIFY(decoder.inHead());
    QCOMPARE(decoder.feed(": a\r\n\r\n").state, RequestDecoder::State::Complete);
}

void RequestDecoderTest::messageIsReleased()
{
    RequestDecoder decoder({});
    QCOMPARE(decoder.feed("\r\n\r\nGET /1 HTTP/1.1\r\nHost: a\r\n\r\n").state, RequestDecoder::State::Complete);
    decoder.releaseMessage();
    QVERIFY(!decoder.inMessage());
    QCOMPARE(decoder.feed("\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n").state, RequestDecoder::State::Complete);
    QCOMPARE(decoder.head().targetBytes(), QByteArrayView("/2"));
}

void RequestDecoderTest::stateBetweenMessages()
{
    RequestDecoder decoder({});
    QVERIFY(!decoder.inMessage());
    QVERIFY(!decoder.inHead());
    decoder.feed("\r\n");
    QVERIFY(!decoder.inMessage());
    decoder.feed("G");
    QVERIFY(decoder.inMessage());
    QVERIFY(decoder.inHead());
    decoder.feed("ET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
    QVERIFY(decoder.inMessage());
    QVERIFY(!decoder.inHead());
    decoder.feed("x");
    QVERIFY(!decoder.inMessage());
    QVERIFY(!decoder.inHead());
}

void RequestDecoderTest::idleDecoderIsSmall()
{
    // Each of thousands of idle connections holds one.
    QVERIFY2(sizeof(RequestDecoder) <= 64, QByteArray::number(quint64(sizeof(RequestDecoder))).constData());
}

QTEST_APPLESS_MAIN(RequestDecoderTest)
#include "tst_requestdecoder.moc"
