#include "requesttranscript.h"

#include <QTest>

using namespace Qt::StringLiterals;

/// Every flaw of a request that must be refused, by the RFC section or the attack that it belongs to.
class RequestRefusalTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void requestLine_data();
    void requestLine() { check(); }
    void headerSection_data();
    void headerSection() { check(); }
    void framing_data();
    void framing() { check(); }
    void chunks_data();
    void chunks() { check(); }
    void refusedBeforeTheHeadEnds_data();
    void refusedBeforeTheHeadEnds() { check(); }
    void refusedAfterAGoodRequest();

private:
    static void columns();
    static void row(const char *name, const QByteArray &stream, int status, const char *reason);
    static void check();
};

void RequestRefusalTest::columns()
{
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<QByteArray>("expected");
}

void RequestRefusalTest::row(const char *name, const QByteArray &stream, int status, const char *reason)
{
    QTest::newRow(name) << stream << QByteArray("refused " + QByteArray::number(status) + ": " + reason);
}

void RequestRefusalTest::check()
{
    QFETCH(QByteArray, stream);
    QFETCH(QByteArray, expected);
    QCOMPARE(Quern::tests::transcriptOfAnySplit(stream), expected);
}

void RequestRefusalTest::requestLine_data()
{
    columns();
    const auto line = [](const char *name, const QByteArray &requestLine, int status, const char *reason) {
        row(name, requestLine + "\r\nHost: a\r\n\r\n", status, reason);
    };
    const char *const malformed = "malformed request line";
    line("RFC 9112 3: no target and no version", "GET"_ba, 400, malformed);
    line("RFC 9112 3: no target", "GET HTTP/1.1"_ba, 400, malformed);
    line("RFC 9112 3: HTTP/0.9 simple request", "GET /"_ba, 400, malformed);
    line("RFC 9112 3: nothing after the method", "GET "_ba, 400, malformed);

    const char *const badMethod = "method is not a token";
    line("RFC 9112 3: leading space", " GET / HTTP/1.1"_ba, 400, badMethod);
    line("RFC 9112 3: leading tab", "\tGET / HTTP/1.1"_ba, 400, badMethod);
    line("RFC 9112 3: tab after method", "GET\t/ HTTP/1.1"_ba, 400, badMethod);
    line("RFC 9110 9.1: colon in method", "GE:T / HTTP/1.1"_ba, 400, badMethod);
    line("RFC 9110 9.1: quote in method", "\"GET\" / HTTP/1.1"_ba, 400, badMethod);
    line("RFC 9110 9.1: NUL in method", "GE\0T / HTTP/1.1"_ba, 400, badMethod);
    line("RFC 9110 9.1: DEL in method", "GET\x7f / HTTP/1.1"_ba, 400, badMethod);
    line("RFC 9110 9.1: byte over 0x7f in method", "G\xc3\x89T / HTTP/1.1"_ba, 400, badMethod);
    line("a response", "HTTP/1.1 200 OK"_ba, 400, badMethod);
    line("a header field first", "Host: a"_ba, 400, badMethod);

    line("RFC 9110 9.1: unknown method", "BREW /pot HTTP/1.1"_ba, 501, "unknown method");
    line("RFC 9110 9.1: methods are case-sensitive", "get / HTTP/1.1"_ba, 501, "unknown method");
    line("RFC 9110 9.1: known method with a tail", "GETS / HTTP/1.1"_ba, 501, "unknown method");
    line("RFC 9110 9.1: beginning of a known method", "OPTION / HTTP/1.1"_ba, 501, "unknown method");
    line("RFC 9110 9.1: method of marks", "!#$%&'*+-.^_`|~ / HTTP/1.1"_ba, 501, "unknown method");
    line("RFC 7826: RTSP method", "DESCRIBE / HTTP/1.1"_ba, 501, "unknown method");
    line("RFC 9113 3.4: method of the HTTP/2 preface", "PRI / HTTP/1.1"_ba, 501, "unknown method");
    line("RFC 9110 9.3.6: CONNECT", "CONNECT example.com:443 HTTP/1.1"_ba, 501, "CONNECT not supported");

    const char *const badVersion = "malformed HTTP version";
    line("RFC 9112 2.3: HTTP/0.9", "GET / HTTP/0.9"_ba, 400, badVersion);
    line("RFC 9112 2.3: lower case", "GET / http/1.1"_ba, 400, badVersion);
    line("RFC 9112 2.3: mixed case", "GET / Http/1.1"_ba, 400, badVersion);
    line("RFC 9112 2.3: two-digit minor", "GET / HTTP/1.10"_ba, 400, badVersion);
    line("RFC 9112 2.3: two-digit major", "GET / HTTP/11.1"_ba, 400, badVersion);
    line("RFC 9112 2.3: no minor", "GET / HTTP/1"_ba, 400, badVersion);
    line("RFC 9112 2.3: empty minor", "GET / HTTP/1."_ba, 400, badVersion);
    line("RFC 9112 2.3: comma", "GET / HTTP/1,1"_ba, 400, badVersion);
    line("RFC 9112 2.3: letter for the major", "GET / HTTP/a.1"_ba, 400, badVersion);
    line("RFC 9112 2.3: letter for the minor", "GET / HTTP/1.b"_ba, 400, badVersion);
    line("RFC 9112 2.3: another protocol", "GET / ICE/1.0"_ba, 400, badVersion);
    line("RFC 9112 2.3: RTSP", "OPTIONS * RTSP/1.0"_ba, 400, badVersion);
    line("RFC 9112 2.3: empty version", "GET / "_ba, 400, badVersion);
    line("RFC 9112 3: space after version", "GET / HTTP/1.1 "_ba, 400, badVersion);
    line("RFC 9112 3: two spaces before target", "GET  / HTTP/1.1"_ba, 400, badVersion);
    line("RFC 9112 3: two spaces before version", "GET /  HTTP/1.1"_ba, 400, badVersion);
    line("RFC 9112 3.2: space in target", "GET /a b HTTP/1.1"_ba, 400, badVersion);
    line("RFC 9112 2.2: bare CR after version", "GET / HTTP/1.1\r"_ba, 400, badVersion);

    const char *const otherVersion = "HTTP version not supported";
    line("RFC 9110 15.6.6: HTTP/1.2", "GET / HTTP/1.2"_ba, 505, otherVersion);
    line("RFC 9110 15.6.6: HTTP/2.0", "GET / HTTP/2.0"_ba, 505, otherVersion);
    line("RFC 9110 15.6.6: HTTP/3.0", "GET / HTTP/3.0"_ba, 505, otherVersion);
    line("RFC 9110 15.6.6: HTTP/9.9", "GET / HTTP/9.9"_ba, 505, otherVersion);
    row("RFC 9113 3.4: HTTP/2 connection preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"_ba, 505, otherVersion);

    const char *const badByte = "invalid character in request target";
    line("RFC 9112 3.2: NUL in target", "GET /a\0b HTTP/1.1"_ba, 400, badByte);
    line("RFC 9112 3.2: tab in target", "GET /a\tb HTTP/1.1"_ba, 400, badByte);
    line("RFC 9112 2.2: bare CR in target", "GET /a\rb HTTP/1.1"_ba, 400, badByte);
    line("RFC 9112 3.2: DEL in target", "GET /a\x7f HTTP/1.1"_ba, 400, badByte);
    line("RFC 9112 3.2: UTF-8 in target", "GET /\xc3\xa9 HTTP/1.1"_ba, 400, badByte);
    line("RFC 9112 3.2: fragment", "GET /a#b HTTP/1.1"_ba, 400, badByte);

    const char *const badForm = "request target is neither a path nor an http URI";
    line("RFC 9112 3.2: relative path", "GET a/b HTTP/1.1"_ba, 400, badForm);
    line("RFC 9112 3.2: query alone", "GET ?a=b HTTP/1.1"_ba, 400, badForm);
    line("RFC 9112 3.2.3: authority-form without CONNECT", "GET a:80 HTTP/1.1"_ba, 400, badForm);
    line("RFC 9112 3.2.4: asterisk without OPTIONS", "GET * HTTP/1.1"_ba, 400, badForm);
    line("RFC 9112 3.2.4: two asterisks", "OPTIONS ** HTTP/1.1"_ba, 400, badForm);
    line("RFC 9112 3.2.2: another scheme", "GET ftp://a/ HTTP/1.1"_ba, 400, badForm);
    line("RFC 9112 3.2.2: no scheme", "GET ://a/ HTTP/1.1"_ba, 400, badForm);
    line("RFC 9112 3.2.2: one slash", "GET http:/a HTTP/1.1"_ba, 400, badForm);
    line("RFC 9112 3.2.2: backslashes", "GET http:\\\\a HTTP/1.1"_ba, 400, badForm);

    const char *const badEscape = "malformed percent-escape in path";
    line("RFC 3986 2.1: bare percent", "GET /a% HTTP/1.1"_ba, 400, badEscape);
    line("RFC 3986 2.1: percent and one digit", "GET /%4 HTTP/1.1"_ba, 400, badEscape);
    line("RFC 3986 2.1: escape that the query cuts", "GET /%4?1 HTTP/1.1"_ba, 400, badEscape);
    line("RFC 3986 2.1: no hexadecimal digits", "GET /%zz/ HTTP/1.1"_ba, 400, badEscape);
    line("RFC 3986 2.1: escape of UTF-16", "GET /%u0041 HTTP/1.1"_ba, 400, badEscape);
    line("RFC 3986 2.1: bare percent in absolute-form", "GET http://a/% HTTP/1.1"_ba, 400, badEscape);
    line("encoded NUL", "GET /a%00.txt HTTP/1.1"_ba, 400, "encoded NUL in path");
    line("encoded NUL in absolute-form", "GET http://a/%00 HTTP/1.1"_ba, 400, "encoded NUL in path");
    for (const char *path :
         {"/..",  "/../",     "/a/../b", "/a/..", "/.",   "/./",      "/a/./b",      "/%2e%2e/x", "/.%2E",  "/%2E.",
          "/%2e", "/a/%2e/b", "//../",   "/..?a", "/.?a", "/...a/..", "/a%2F..%2Fb", "/a/..%2fb", "/%2f..", "/%2F."}) {
        line(QByteArray("RFC 3986 6.2.2.3: dot segment "_ba + path).constData(), "GET "_ba + path + " HTTP/1.1", 400,
             "dot segment in path");
        line(QByteArray("RFC 3986 6.2.2.3: absolute-form "_ba + path).constData(),
             "GET http://a:80"_ba + path + " HTTP/1.1", 400, "dot segment in path");
    }

    const char *const badAuthority = "invalid authority in request target";
    line("RFC 9110 4.2.1: empty authority", "GET http:/// HTTP/1.1"_ba, 400, badAuthority);
    line("RFC 9110 4.2.1: nothing after the scheme", "GET http:// HTTP/1.1"_ba, 400, badAuthority);
    line("RFC 9110 4.2.1: port alone", "GET http://:80/ HTTP/1.1"_ba, 400, badAuthority);
    line("RFC 9110 4.2.4: user information", "GET http://user@a/ HTTP/1.1"_ba, 400, badAuthority);
    line("RFC 3986 3.2.3: port of letters", "GET http://a:http/ HTTP/1.1"_ba, 400, badAuthority);
    line("RFC 3986 3.2.2: bracket left open", "GET http://[::1/ HTTP/1.1"_ba, 400, badAuthority);
    line("RFC 3986 3.2.2: backslash in host", "GET http://a\\b/ HTTP/1.1"_ba, 400, badAuthority);

    row("RFC 9112 2.2: three empty lines first", "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"_ba, 400, malformed);
    row("RFC 9112 2.2: CR before the method", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"_ba, 400,
        "bare CR before the request line");
    row("RFC 9112 2.2: two CR before the method", "\r\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"_ba, 400,
        "bare CR before the request line");
    row("RFC 9112 2.2: LF before the method", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"_ba, 400, "bare LF in head");
}

void RequestRefusalTest::headerSection_data()
{
    columns();
    const auto field = [](const char *name, const QByteArray &line, int status, const char *reason) {
        row(name, "GET / HTTP/1.1\r\nHost: a\r\n" + line + "\r\n\r\n", status, reason);
    };
    const char *const fold = "obs-fold in header section";
    field("RFC 9112 5.2: obs-fold with space", "A: b\r\n c"_ba, 400, fold);
    field("RFC 9112 5.2: obs-fold with tab", "A: b\r\n\tc"_ba, 400, fold);
    field("RFC 9112 5.2: obs-fold that looks like a field", "A: b\r\n B: c"_ba, 400, fold);
    field("RFC 9112 5.2: obs-fold of Transfer-Encoding", "Transfer-Encoding:\r\n chunked"_ba, 400,
          "Transfer-Encoding other than chunked");
    field("RFC 9112 5.2: line of one space", " "_ba, 400, fold);
    row("RFC 9112 2.2: space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"_ba, 400,
        "white space before the first header field");
    row("RFC 9112 2.2: tab before the first field", "GET / HTTP/1.1\r\n\tHost: a\r\n\r\n"_ba, 400,
        "white space before the first header field");

    const char *const spaceBeforeColon = "white space before the colon";
    field("RFC 9112 5.1: space before the colon", "A : b"_ba, 400, spaceBeforeColon);
    field("RFC 9112 5.1: tab before the colon", "A\t: b"_ba, 400, spaceBeforeColon);
    field("RFC 9112 5.1: space before the colon of Content-Length", "Content-Length : 5"_ba, 400, spaceBeforeColon);
    field("RFC 9110 5.1: space in name", "A B: c"_ba, 400, spaceBeforeColon);
    field("RFC 9110 5.1: empty name", ": b"_ba, 400, "empty header field name");
    field("RFC 9112 5: no colon", "Abc"_ba, 400, "header field without colon");

    const char *const badName = "invalid character in header field name";
    field("RFC 9110 5.1: NUL in name", "A\0B: c"_ba, 400, badName);
    field("RFC 9110 5.1: NUL first in name", "\0A: c"_ba, 400, badName);
    field("RFC 9110 5.1: parenthesis in name", "A(B): c"_ba, 400, badName);
    field("RFC 9110 5.1: slash in name", "A/B: c"_ba, 400, badName);
    field("RFC 9110 5.1: equals sign in name", "A=B: c"_ba, 400, badName);
    field("RFC 9110 5.1: UTF-8 in name", "\xc3\xa9: c"_ba, 400, badName);
    field("RFC 9110 5.1: DEL in name", "A\x7f: c"_ba, 400, badName);
    field("RFC 9112 2.2: bare CR in name", "A\rB: c"_ba, 400, badName);
    field("RFC 9112 2.2: bare CR before the empty line", "\r"_ba, 400, badName);

    const char *const control = "control character in header field value";
    field("RFC 9110 5.5: NUL in value", "A: b\0c"_ba, 400, control);
    field("RFC 9110 5.5: NUL late in a long value", "A: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\0c"_ba, 400, control);
    field("RFC 9110 5.5: 0x01 in value",
          "A: b\x01"
          "c"_ba,
          400, control);
    field("RFC 9110 5.5: 0x1f in value",
          "A: b\x1f"
          "c"_ba,
          400, control);
    field("RFC 9110 5.5: vertical tab in value", "A: b\vc"_ba, 400, control);
    field("RFC 9110 5.5: form feed in value", "A: b\fc"_ba, 400, control);
    field("RFC 9110 5.5: DEL in value", "A: b\x7f"_ba, 400, control);
    field("RFC 9110 5.5: DEL after a tab in eight bytes",
          "A: 12\t3\x7f"
          "45678"_ba,
          400, control);
    field("RFC 9112 2.2: bare CR in value", "A: b\rc"_ba, 400, control);
    field("RFC 9112 2.2: bare CR hiding a field", "A: b\rTransfer-Encoding: chunked"_ba, 400, control);
    field("RFC 9112 2.2: CR CR LF", "A: b\r"_ba, 400, control);
    field("RFC 9112 2.2: bare LF between fields", "A: b\nB: c"_ba, 400, "bare LF in head");
    row("RFC 9112 2.2: bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"_ba, 400, "bare LF in head");
    row("RFC 9112 2.2: bare LF for the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\nGET"_ba, 400, "bare LF in head");

    row("RFC 9112 3.2: no Host", "GET / HTTP/1.1\r\n\r\n"_ba, 400, "missing Host");
    row("RFC 9112 3.2: no Host in absolute-form", "GET http://a/ HTTP/1.1\r\nA: b\r\n\r\n"_ba, 400, "missing Host");
    field("RFC 9112 3.2: two Hosts", "Host: b"_ba, 400, "more than one Host");
    field("RFC 9112 3.2: two equal Hosts", "host: a"_ba, 400, "more than one Host");
    row("RFC 9112 3.2: two Hosts on HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"_ba, 400,
        "more than one Host");
    const auto host = [](const char *name, const QByteArray &value) {
        row(name, "GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n", 400, "invalid Host");
    };
    host("RFC 9112 3.2: space in Host", "a b"_ba);
    host("RFC 9112 3.2: list of hosts", "a, b"_ba);
    host("RFC 9112 3.2: user information in Host", "user@a"_ba);
    host("RFC 9112 3.2: path in Host", "a/b"_ba);
    host("RFC 9112 3.2: query in Host", "a?b"_ba);
    host("RFC 9112 3.2: fragment in Host", "a#b"_ba);
    host("RFC 9112 3.2: backslash in Host", "a\\b"_ba);
    host("RFC 9112 3.2: quote in Host", "\"a\""_ba);
    host("RFC 9112 3.2: angle bracket in Host", "<a>"_ba);
    host("RFC 9112 3.2: UTF-8 in Host", "\xc3\xa9.example"_ba);
    host("RFC 3986 3.2.3: port of letters in Host", "a:b"_ba);
    host("RFC 3986 3.2.3: two ports in Host", "a:1:2"_ba);
    host("RFC 3986 3.2.3: port of six digits", "a:123456"_ba);
    host("RFC 3986 3.2.3: signed port", "a:+80"_ba);
    host("RFC 3986 3.2.2: IPv6 without brackets", "::1"_ba);
    host("RFC 3986 3.2.2: bracket left open in Host", "[::1"_ba);
    host("RFC 3986 3.2.2: empty brackets in Host", "[]"_ba);
    host("RFC 3986 3.2.2: bytes after the bracket", "[::1]a"_ba);

    field("RFC 9110 10.1.1: unknown expectation", "Expect: 200-ok"_ba, 417, "unknown expectation");
    field("RFC 9110 10.1.1: empty expectation", "Expect:"_ba, 417, "unknown expectation");
    field("RFC 9110 10.1.1: known and unknown expectation", "Expect: 100-continue\r\nExpect: x"_ba, 417,
          "unknown expectation");
    field("RFC 9110 10.1.1: list of expectations", "Expect: 100-continue, x"_ba, 417, "unknown expectation");
}

void RequestRefusalTest::framing_data()
{
    columns();
    const auto field = [](const char *name, const QByteArray &lines, const char *reason) {
        row(name, "POST / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n\r\n", 400, reason);
    };
    const char *const malformed = "malformed Content-Length";
    field("RFC 9110 8.6: plus sign", "Content-Length: +3"_ba, malformed);
    field("RFC 9110 8.6: minus sign", "Content-Length: -1"_ba, malformed);
    field("RFC 9110 8.6: list of equal lengths", "Content-Length: 3, 3"_ba, malformed);
    field("RFC 9110 8.6: list without space", "Content-Length: 3,4"_ba, malformed);
    field("RFC 9110 8.6: hexadecimal", "Content-Length: 0x3"_ba, malformed);
    field("RFC 9110 8.6: space inside", "Content-Length: 3 3"_ba, malformed);
    field("RFC 9110 8.6: empty", "Content-Length:"_ba, malformed);
    field("RFC 9110 8.6: only space", "Content-Length:  "_ba, malformed);
    field("RFC 9110 8.6: fraction", "Content-Length: 3.0"_ba, malformed);
    field("RFC 9110 8.6: letters after digits", "Content-Length: 3a"_ba, malformed);
    field("RFC 9110 8.6: quoted", "Content-Length: \"3\""_ba, malformed);
    field("RFC 9110 8.6: Arabic digit", "Content-Length: \xd9\xa3"_ba, malformed);
    field("RFC 9110 8.6: two to the 64", "Content-Length: 18446744073709551616"_ba, "Content-Length overflows");
    field("RFC 9110 8.6: next digit overflows", "Content-Length: 184467440737095516150"_ba, "Content-Length overflows");
    field("RFC 9112 6.3: two lengths", "Content-Length: 3\r\nContent-Length: 4"_ba, "more than one Content-Length");
    field("RFC 9112 6.3: two equal lengths", "Content-Length: 3\r\ncontent-length: 3"_ba,
          "more than one Content-Length");
    field("RFC 9112 6.3: two lengths of zero", "Content-Length: 0\r\nContent-Length: 0"_ba,
          "more than one Content-Length");

    const char *const both = "both Content-Length and Transfer-Encoding";
    field("RFC 9112 6.1: length, then chunked", "Content-Length: 3\r\nTransfer-Encoding: chunked"_ba, both);
    field("RFC 9112 6.1: chunked, then length", "Transfer-Encoding: chunked\r\nContent-Length: 3"_ba, both);
    field("RFC 9112 6.1: length of zero and chunked", "Content-Length: 0\r\nTransfer-Encoding: chunked"_ba, both);

    const char *const coding = "Transfer-Encoding other than chunked";
    field("RFC 9112 6.1: identity", "Transfer-Encoding: identity"_ba, coding);
    field("RFC 9112 6.1: gzip", "Transfer-Encoding: gzip"_ba, coding);
    field("RFC 9112 6.1: gzip, chunked", "Transfer-Encoding: gzip, chunked"_ba, coding);
    field("RFC 9112 6.1: chunked, gzip", "Transfer-Encoding: chunked, gzip"_ba, coding);
    field("RFC 9112 6.1: chunked, chunked", "Transfer-Encoding: chunked, chunked"_ba, coding);
    field("RFC 9112 6.1: list with an empty member", "Transfer-Encoding: ,chunked"_ba, coding);
    field("RFC 9112 6.1: chunked with parameter", "Transfer-Encoding: chunked;a=b"_ba, coding);
    field("RFC 9112 6.1: xchunked", "Transfer-Encoding: xchunked"_ba, coding);
    field("RFC 9112 6.1: chunkedx", "Transfer-Encoding: chunkedx"_ba, coding);
    field("RFC 9112 6.1: quoted", "Transfer-Encoding: \"chunked\""_ba, coding);
    field("RFC 9112 6.1: empty", "Transfer-Encoding:"_ba, coding);
    field("RFC 9112 6.1: vertical tab before chunked", "Transfer-Encoding: \vchunked"_ba,
          "control character in header field value");
    field("RFC 9112 6.1: two fields", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"_ba,
          "more than one Transfer-Encoding");
    row("RFC 9112 6.1: chunked on HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"_ba, 400,
        "Transfer-Encoding in HTTP/1.0");
}

void RequestRefusalTest::chunks_data()
{
    columns();
    const auto body = [](const char *name, const QByteArray &chunks, int status, const char *reason) {
        row(name, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, status, reason);
    };
    const char *const malformed = "malformed chunk size";
    body("RFC 9112 7.1: no size", "\r\nabc\r\n0\r\n\r\n"_ba, 400, malformed);
    body("RFC 9112 7.1: not a digit", "g\r\n"_ba, 400, malformed);
    body("RFC 9112 7.1: plus sign", "+3\r\nabc\r\n0\r\n\r\n"_ba, 400, malformed);
    body("RFC 9112 7.1: minus sign", "-3\r\nabc\r\n0\r\n\r\n"_ba, 400, malformed);
    body("RFC 9112 7.1: 0x", "0x3\r\nabc\r\n0\r\n\r\n"_ba, 400, malformed);
    body("RFC 9112 7.1: leading space", " 3\r\nabc\r\n0\r\n\r\n"_ba, 400, malformed);
    body("RFC 9112 7.1: trailing space", "3 \r\nabc\r\n0\r\n\r\n"_ba, 400, malformed);
    body("RFC 9112 7.1: trailing tab", "3\t\r\nabc\r\n0\r\n\r\n"_ba, 400, malformed);
    body("RFC 9112 7.1: space before an extension", "3 ;a\r\nabc\r\n0\r\n\r\n"_ba, 400, malformed);
    body("RFC 9112 7.1: underscore", "1_0\r\n"_ba, 400, malformed);
    body("RFC 9112 7.1: NUL", "3\0\r\n"_ba, 400, malformed);
    body("RFC 9112 7.1: bare LF after size", "3\nabc\r\n0\r\n\r\n"_ba, 400, malformed);
    body("RFC 9112 7.1: extension without size", ";a\r\n"_ba, 400, malformed);
    body("RFC 9112 7.1: bare CR after size", "3\rabc\r\n0\r\n\r\n"_ba, 400, "bare CR in chunk size line");
    body("RFC 9112 7.1: seventeen digits", "00000000000000003\r\nabc\r\n0\r\n\r\n"_ba, 400, "chunk size too long");
    body("RFC 9112 7.1: overflow of 64 bit", "10000000000000003\r\nabc\r\n0\r\n\r\n"_ba, 400, "chunk size too long");
    body("RFC 9112 7.1: largest size of 64 bit", "ffffffffffffffff\r\n"_ba, 413, "chunked body too large");
    body("RFC 9112 7.1: sizes whose sum overflows", "1\r\na\r\nffffffffffffffff\r\n"_ba, 413, "chunked body too large");
    body("RFC 9112 7.1: data longer than its size", "3\r\nabcd\r\n0\r\n\r\n"_ba, 400,
         "chunk data longer than its size");
    body("RFC 9112 7.1: bare LF after data", "3\r\nabc\n0\r\n\r\n"_ba, 400, "chunk data longer than its size");
    body("RFC 9112 7.1: no CRLF after data", "3\r\nabc0\r\n\r\n"_ba, 400, "chunk data longer than its size");
    body("RFC 9112 7.1: bare CR after data", "3\r\nabc\r0\r\n\r\n"_ba, 400, "bare CR after chunk data");
    body("RFC 9112 7.1.1: NUL in extension", "3;a\0\r\n"_ba, 400, "control character in chunk extension");
    body("RFC 9112 7.1.1: bare LF in extension", "3;a\nabc\r\n0\r\n\r\n"_ba, 400,
         "control character in chunk extension");
    body("RFC 9112 7.1.1: bare CR in extension", "3;a\rb\r\n"_ba, 400, "bare CR in chunk size line");
    body("RFC 9112 7.1.2: trailer without name", "0\r\n: a\r\n\r\n"_ba, 400, "malformed trailer field");
    body("RFC 9112 7.1.2: trailer without colon", "0\r\nA\r\n\r\n"_ba, 400, "malformed trailer field");
    body("RFC 9112 7.1.2: space before the colon", "0\r\nA : b\r\n\r\n"_ba, 400, "malformed trailer field");
    body("RFC 9112 7.1.2: obs-fold", "0\r\nA: b\r\n c\r\n\r\n"_ba, 400, "malformed trailer field");
    body("RFC 9112 7.1.2: bare LF for the last line", "0\r\n\n"_ba, 400, "malformed trailer field");
    body("RFC 9112 7.1.2: NUL in trailer", "0\r\nA: \0\r\n\r\n"_ba, 400, "control character in trailer field");
    body("RFC 9112 7.1.2: bare LF in trailer", "0\r\nA: b\nB: c\r\n\r\n"_ba, 400, "control character in trailer field");
    body("RFC 9112 7.1.2: bare CR in trailer", "0\r\nA: b\rB: c\r\n\r\n"_ba, 400, "bare CR in trailer section");
    body("RFC 9112 7.1.2: bare CR for the last line", "0\r\n\rGET"_ba, 400, "bare CR in trailer section");
    body("RFC 9112 7.1: next request instead of a trailer", "0\r\nGET / HTTP/1.1\r\n\r\n"_ba, 400,
         "malformed trailer field");
}

void RequestRefusalTest::refusedBeforeTheHeadEnds_data()
{
    columns();
    row("TLS ClientHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"_ba, 400, "method is not a token");
    row("one byte of garbage", "\x16"_ba, 400, "method is not a token");
    row("PROXY protocol version 2", "\r\n\r\n\0\r\nQUIT\n"_ba, 400, "method is not a token");
    row("SSH banner", "SSH-2.0-OpenSSH_9.2\r\n"_ba, 400, "malformed request line");
    row("bad version", "GET / HTTP/1.1x\r\n"_ba, 400, "malformed HTTP version");
    row("bare LF", "GET / HTTP/1.1\n"_ba, 400, "bare LF in head");
    row("LF only, as typed into netcat", "GET / HTTP/1.1\nHost: a\n\n"_ba, 400, "bare LF in head");
    row("bad field", "GET / HTTP/1.1\r\nHost : a\r\n"_ba, 400, "white space before the colon");
    row("second Host", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n"_ba, 400, "more than one Host");
}

void RequestRefusalTest::refusedAfterAGoodRequest()
{
    const QByteArray stream = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
                              "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"
                              "GET /3 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"
                              "GET /4 HTTP/1.1\r\nHost: a\r\n\r\n"_ba;
    QCOMPARE(Quern::tests::transcriptOfAnySplit(stream),
             "GET /1 HTTP/1.1 keep-alive\nHost: a\n\n\n"
             "POST /2 HTTP/1.1 keep-alive\nHost: a\nContent-Length: 2\n\nab\n"
             "refused 400: more than one Host"_ba);
}

QTEST_APPLESS_MAIN(RequestRefusalTest)
#include "tst_requestrefusal.moc"
