#include "protocol/http/forwarded.h"
#include "protocol/http/requestdecoder.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace Quern::protocol::http;

/// Who the client is, behind proxies of ours at 10.0.0.0/8 and fd00::/8, and what a client cannot forge.
class ForwardedTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void facts_data();
    void facts();
    void families_data();
    void families();
    void everybodyTrusted();
    void manyHops();
};

namespace {

/// "address port secure host hostPort", "-" for what was not said, or the error's message.
QByteArray told(const QByteArray &fields, ForwardedFamilies families, const QStringList &trusted)
{
    const QByteArray stream = "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
    RequestDecoder decoder({.headBytes = 64 * 1024});
    if (decoder.feed(stream).state != RequestDecoder::State::Complete)
        return "no request";
    const auto facts = clientFacts(decoder.head(), *ProxyTrust::parse(trusted), families);
    if (!facts.ok())
        return facts.error().message().toUtf8();
    const auto orDash = [](const QByteArray &text) { return text.isEmpty() ? "-"_ba : text; };
    return orDash(facts->address) + ' ' + (facts->port == 0 ? "-" : QByteArray::number(facts->port)) + ' ' +
           (facts->secure ? *facts->secure ? "https" : "http" : "-") + ' ' + orDash(facts->host) + ' ' +
           (facts->hostPort == 0 ? "-" : QByteArray::number(facts->hostPort));
}

const ForwardedFamilies allFamilies =
    ForwardedFamily::XForwarded | ForwardedFamily::Forwarded | ForwardedFamily::XRealIp;
const QStringList ours{u"10.0.0.0/8"_s, u"fd00::/8"_s};

} // namespace

void ForwardedTest::facts_data()
{
    QTest::addColumn<QByteArray>("fields");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const QByteArray &lines, const QByteArray &expected) {
        QTest::newRow(name) << QByteArray(lines + "\r\n") << expected;
    };
    const auto xff = [&row](const char *name, const QByteArray &list, const QByteArray &expected) {
        row(name, "X-Forwarded-For: " + list, expected + " - - -");
    };
    row("nothing said", "A: b"_ba, "- - - - -"_ba);
    xff("one address", "203.0.113.1"_ba, "203.0.113.1 -"_ba);
    xff("what the client forged is on the left", "1.1.1.1, 203.0.113.1, 10.0.0.2"_ba, "203.0.113.1 -"_ba);
    xff("all are ours: the leftmost", "10.0.0.3, 10.0.0.2"_ba, "10.0.0.3 -"_ba);
    xff("IPv6", "2001:DB8:0:0::1"_ba, "2001:db8::1 -"_ba);
    xff("IPv6 in brackets", "[2001:db8::1]"_ba, "2001:db8::1 -"_ba);
    xff("IPv6 with port", "[2001:db8::1]:4711"_ba, "2001:db8::1 4711"_ba);
    xff("IPv4 with port", "203.0.113.1:4711"_ba, "203.0.113.1 4711"_ba);
    xff("quoted", "\"[2001:db8::1]:4711\""_ba, "2001:db8::1 4711"_ba);
    xff("mapped IPv4", "::ffff:203.0.113.1"_ba, "203.0.113.1 -"_ba);
    xff("mapped IPv4 of ours", "203.0.113.1, ::ffff:10.0.0.2"_ba, "203.0.113.1 -"_ba);
    xff("IPv6 of ours", "203.0.113.1, fd00::5"_ba, "203.0.113.1 -"_ba);
    xff("empty members", ", 203.0.113.1 ,, \t,"_ba, "203.0.113.1 -"_ba);
    xff("several fields", "1.1.1.1\r\nx-forwarded-for: 203.0.113.1\r\nX-FORWARDED-FOR: 10.0.0.2, 10.0.0.3"_ba,
        "203.0.113.1 -"_ba);
    xff("unknown ends the walk", "203.0.113.1, unknown, 10.0.0.2"_ba, "10.0.0.2 -"_ba);
    xff("garbage ends the walk", "203.0.113.1, <x>, 10.0.0.2"_ba, "10.0.0.2 -"_ba);
    xff("garbage alone", "localhost"_ba, "- -"_ba);
    xff("an open quote hides nothing", "\"1.1.1.1, 203.0.113.1"_ba, "203.0.113.1 -"_ba);
    xff("bad port", "203.0.113.1:99999"_ba, "203.0.113.1 -"_ba);
    xff("port of zero", "203.0.113.1:0"_ba, "203.0.113.1 -"_ba);
    xff("octal looks", "0203.0.113.1"_ba, "- -"_ba);
    xff("bracket left open", "[::1"_ba, "- -"_ba);
    xff("IPv4 in brackets", "[203.0.113.1]"_ba, "- -"_ba);
    xff("bytes after the bracket", "[::1]x"_ba, "- -"_ba);
    xff("address with a zone", "fe80::1%eth0"_ba, "- -"_ba);

    row("X-Forwarded-Proto", "X-Forwarded-Proto: HTTPS"_ba, "- - https - -"_ba);
    row("the rightmost protocol", "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: https, http"_ba, "- - http - -"_ba);
    row("WebSocket protocol", "X-Forwarded-Proto: wss"_ba, "- - https - -"_ba);
    row("unknown protocol", "X-Forwarded-Proto: gopher"_ba, "- - - - -"_ba);
    row("X-Forwarded-Host", "X-Forwarded-Host: evil, example.com:8443"_ba, "- - - example.com:8443 -"_ba);
    row("X-Forwarded-Port", "X-Forwarded-Port: 80, 8443"_ba, "- - - - 8443"_ba);
    row("bad X-Forwarded-Port", "X-Forwarded-Port: 65536"_ba, "- - - - -"_ba);
    row("as long as names are", "X-Forwarded-Host: " + QByteArray(255, 'a') + ":65535",
        "- - - " + QByteArray(255, 'a') + ":65535 -");
    row("longer than names are", "X-Forwarded-Host: " + QByteArray(262, 'a'), "invalid X-Forwarded-Host"_ba);
    row("bad X-Forwarded-Host", "X-Forwarded-Host: a/b"_ba, "invalid X-Forwarded-Host"_ba);

    row("X-Real-IP", "X-Real-IP: 203.0.113.1"_ba, "203.0.113.1 - - - -"_ba);
    row("X-Real-IP beside another address", "X-Real-IP: 1.1.1.1\r\nX-Forwarded-For: 203.0.113.1"_ba,
        "203.0.113.1 - - - -"_ba);
    row("X-Real-IP beside no address", "X-Real-IP: 203.0.113.1\r\nX-Forwarded-For: unknown"_ba,
        "203.0.113.1 - - - -"_ba);

    const auto forwarded = [&row](const char *name, const QByteArray &list, const QByteArray &expected) {
        row(name, "Forwarded: " + list, expected);
    };
    forwarded("RFC 7239 4: token", "for=203.0.113.1"_ba, "203.0.113.1 - - - -"_ba);
    forwarded("RFC 7239 4: quoted IPv6 with port", "For=\"[2001:db8::1]:4711\""_ba, "2001:db8::1 4711 - - -"_ba);
    forwarded("RFC 7239 4: escapes", "for=\"203\\.0.113.1\""_ba, "203.0.113.1 - - - -"_ba);
    forwarded("RFC 7239 4: all parameters", "by=10.0.0.1;for=203.0.113.1;host=example.com;proto=https"_ba,
              "203.0.113.1 - https example.com -"_ba);
    forwarded("RFC 7239 4: list", "for=1.1.1.1, for=203.0.113.1;proto=https,for=10.0.0.2;proto=http"_ba,
              "203.0.113.1 - https - -"_ba);
    forwarded("RFC 7239 4: several fields", "for=203.0.113.1\r\nForwarded: for=10.0.0.2"_ba, "203.0.113.1 - - - -"_ba);
    forwarded("protocol and host of forged elements do not count",
              "for=1.1.1.1;proto=https;host=evil, for=203.0.113.1"_ba, "203.0.113.1 - - - -"_ba);
    forwarded("protocol from a nearer element", "for=203.0.113.1, for=10.0.0.2;proto=https"_ba,
              "203.0.113.1 - https - -"_ba);
    forwarded("RFC 7239 6.2: unknown", "for=203.0.113.1, for=unknown;proto=https, for=10.0.0.2"_ba,
              "10.0.0.2 - https - -"_ba);
    forwarded("RFC 7239 6.3: obfuscated", "for=_hidden"_ba, "- - - - -"_ba);
    forwarded("RFC 7239 6: obfuscated port", "for=\"203.0.113.1:_x\""_ba, "203.0.113.1 - - - -"_ba);
    forwarded("element without for ends the walk", "for=203.0.113.1, proto=https"_ba, "- - https - -"_ba);
    forwarded("unquoted IPv6, as some send it", "for=[2001:db8::1]"_ba, "2001:db8::1 - - - -"_ba);
    forwarded("comma in quotes", "for=\"1.1.1.1, for=2.2.2.2\""_ba, "- - - - -"_ba);
    for (const char *bad :
         {"for=\"1.1.1.1, for=203.0.113.1", "for=\"1.1.1.1, for=\"[2001:db8::1]\"", "for", "for=1.1.1.1;for=2.2.2.2",
          "for=, for=1.1.1.1", "for =1.1.1.1", "for=1.1.1.1 2.2.2.2", "for=\"1.1.1.1\"x", "1.1.1.1"}) {
        forwarded(QByteArray("malformed: "_ba + bad).constData(), bad, "malformed Forwarded"_ba);
    }
    forwarded("bad host", "for=1.1.1.1;host=\"a/b\""_ba, "invalid host in Forwarded"_ba);
    forwarded("empty host", "for=1.1.1.1;host=\"\""_ba, "invalid host in Forwarded"_ba);

    const auto both = [&row](const char *name, const QByteArray &first, const QByteArray &second,
                             const QByteArray &expected) {
        row(name, "Forwarded: " + first + "\r\n" + second, expected);
    };
    const QByteArray conflict =
        "conflicting Forwarded and X-Forwarded-*; let the proxy set the one and remove the other"_ba;
    both("the same client", "for=\"203.0.113.1:80\""_ba, "X-Forwarded-For: 203.0.113.1, 10.0.0.2"_ba,
         "203.0.113.1 80 - - -"_ba);
    both("another client", "for=203.0.113.1"_ba, "X-Forwarded-For: 203.0.113.2"_ba, conflict);
    both("another protocol", "for=203.0.113.1;proto=https"_ba, "X-Forwarded-Proto: http"_ba, conflict);
    both("another host", "for=203.0.113.1;host=evil"_ba, "X-Forwarded-Host: example.com"_ba, conflict);
    both("the same host in capitals", "host=EXAMPLE.com"_ba, "X-Forwarded-Host: example.com"_ba,
         "- - - EXAMPLE.com -"_ba);
    both("one names no address", "proto=https"_ba, "X-Forwarded-For: 203.0.113.1"_ba, "203.0.113.1 - - - -"_ba);
}

void ForwardedTest::facts()
{
    QFETCH(QByteArray, fields);
    QFETCH(QByteArray, expected);
    QCOMPARE(told(fields, allFamilies, ours), expected);
}

void ForwardedTest::families_data()
{
    QTest::addColumn<int>("families");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("none") << 0 << "- - - - -"_ba;
    QTest::newRow("X-Forwarded-*") << int(ForwardedFamily::XForwarded) << "1.1.1.1 - http a 81"_ba;
    QTest::newRow("Forwarded") << int(ForwardedFamily::Forwarded) << "2.2.2.2 - https b -"_ba;
    QTest::newRow("X-Real-IP") << int(ForwardedFamily::XRealIp) << "3.3.3.3 - - - -"_ba;
}

void ForwardedTest::families()
{
    QFETCH(int, families);
    QFETCH(QByteArray, expected);
    QCOMPARE(
        told("X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\nX-Forwarded-Port: 81\r\n"
             "Forwarded: for=2.2.2.2;proto=https;host=b\r\nX-Real-IP: 3.3.3.3\r\n"_ba,
             ForwardedFamilies::fromInt(families), ours),
        expected);
}

void ForwardedTest::everybodyTrusted()
{
    QCOMPARE(told("X-Forwarded-For: 1.1.1.1, 2.2.2.2\r\n"_ba, allFamilies, {u"*"_s}), "1.1.1.1 - - - -"_ba);
    QCOMPARE(told("X-Forwarded-For: unknown, 2.2.2.2\r\n"_ba, allFamilies, {u"*"_s}), "2.2.2.2 - - - -"_ba);
}

void ForwardedTest::manyHops()
{
    QByteArray list;
    QByteArray elements;
    for (int i = 200; i > 0; --i) {
        const QByteArray address = "10.0.0." + QByteArray::number(i);
        list += address + ',';
        elements += "for=" + address + ',';
    }
    QCOMPARE(told("X-Forwarded-For: 1.1.1.1," + list + "\r\n", allFamilies, ours), "10.0.0.64 - - - -"_ba);
    QCOMPARE(told("Forwarded: for=1.1.1.1," + elements + "\r\n", allFamilies, ours), "10.0.0.64 - - - -"_ba);
}

QTEST_APPLESS_MAIN(ForwardedTest)
#include "tst_forwarded.moc"
