#include "recordingsink.h"

#include <QTest>

#include <memory>
#include <stdexcept>

using namespace Quern;
using namespace std::chrono_literals;

class tst_Cookie : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init() { m_sink = std::make_unique<RecordingSink>(); }
    void fields_data();
    void fields();
    void refused_data();
    void refused();
    void refusalChangesNothing();
    void laterOneWins();
    void othersStay();
    void clearedWithItsAttributes();
    void clear();

private:
    Response make()
    {
        m_data = new ResponsePrivate(1, m_sink.get());
        return Response(m_data.get());
    }
    QByteArray block() const { return QByteArray(m_data->headerBlock).replace("\r\n", "|"); }

    std::unique_ptr<RecordingSink> m_sink;
    QExplicitlySharedDataPointer<ResponsePrivate> m_data;
};

void tst_Cookie::fields_data()
{
    QTest::addColumn<Cookie>("cookie");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *title, const Cookie &cookie, const char *expected) {
        QTest::newRow(title) << cookie << QByteArray(expected);
    };
    using enum Cookie::SameSite;
    row("defaults", {.name = "a", .value = u"b"_qs}, "a=b; Path=/; HttpOnly; SameSite=Lax");
    row("empty value", {.name = "a", .value = {}}, "a=; Path=/; HttpOnly; SameSite=Lax");
    row("bare", {.name = "a", .value = u"b"_qs, .path = "", .httpOnly = false, .sameSite = Unset}, "a=b");
    row("all",
        {.name = "a",
         .value = u"b"_qs,
         .path = "/x",
         .domain = "Example.org",
         .maxAge = 60s,
         .expires = QDateTime(QDate(2030, 2, 3), QTime(4, 5, 6), Qt::OffsetFromUTC, 3'600),
         .secure = true,
         .sameSite = None,
         .partitioned = true},
        "a=b; Max-Age=60; Expires=Sun, 03 Feb 2030 03:05:06 GMT; Domain=Example.org; Path=/x; Secure; HttpOnly; "
        "SameSite=None; Partitioned");
    row("strict", {.name = "a", .value = u"b"_qs, .sameSite = Strict}, "a=b; Path=/; HttpOnly; SameSite=Strict");
    row("negative age", {.name = "a", .value = {}, .maxAge = -5s}, "a=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
    row("value with separators", {.name = "a", .value = u"x y;z,\"\\"_qs},
        "a=x%20y%3Bz%2C%22%5C; Path=/; HttpOnly; SameSite=Lax");
    row("value with percent sign", {.name = "a", .value = u"100%25"_qs}, "a=100%2525; Path=/; HttpOnly; SameSite=Lax");
    row("value with line break", {.name = "a", .value = u"x\r\nSet-Cookie: b"_qs},
        "a=x%0D%0ASet-Cookie:%20b; Path=/; HttpOnly; SameSite=Lax");
    row("value beyond ASCII", {.name = "a", .value = u"é"_qs}, "a=%C3%A9; Path=/; HttpOnly; SameSite=Lax");
    row("of this host", {.name = "__Host-a", .value = u"b"_qs, .secure = true},
        "__Host-a=b; Path=/; Secure; HttpOnly; SameSite=Lax");
    row("secure by name", {.name = "__Secure-a", .value = u"b"_qs, .path = "/x", .domain = "a.b", .secure = true},
        "__Secure-a=b; Domain=a.b; Path=/x; Secure; HttpOnly; SameSite=Lax");
    row("as long as possible",
        {.name = "a", .value = QString(4'095, u'x'), .path = "", .httpOnly = false, .sameSite = Unset},
        ("a=" + QByteArray(4'095, 'x')).constData());
}

void tst_Cookie::fields()
{
    QFETCH(Cookie, cookie);
    QFETCH(QByteArray, expected);
    Response response = make();
    response.setCookie(cookie);
    QCOMPARE(block(), "Set-Cookie: " + expected + '|');
}

void tst_Cookie::refused_data()
{
    QTest::addColumn<Cookie>("cookie");
    QTest::addColumn<QByteArray>("mend"); // a part of the text
    const auto row = [](const char *title, const Cookie &cookie, const char *mend) {
        QTest::newRow(title) << cookie << QByteArray(mend);
    };
    row("empty name", {.name = "", .value = {}}, "use letters");
    row("name with equals sign", {.name = "a=b", .value = {}}, "use letters");
    row("name with line break", {.name = "a\r\nb", .value = {}}, "use letters");
    row("name beyond ASCII", {.name = "\xc3\xa9", .value = {}}, "use letters");
    row("relative path", {.name = "a", .value = {}, .path = "x"}, "start with /");
    row("path with semicolon", {.name = "a", .value = {}, .path = "/;Domain=x"}, "percent-encode");
    row("path with line break", {.name = "a", .value = {}, .path = "/\n"}, "percent-encode");
    row("path beyond ASCII", {.name = "a", .value = {}, .path = "/\xc3\xa9"}, "percent-encode");
    row("path too long", {.name = "a", .value = {}, .path = "/" + QByteArray(1'024, 'x')}, "shorten");
    row("domain with leading dot", {.name = "a", .value = {}, .domain = ".example.org"}, "without a leading dot");
    row("domain with semicolon", {.name = "a", .value = {}, .domain = "a;b"}, "host name");
    row("domain with port", {.name = "a", .value = {}, .domain = "a:80"}, "host name");
    row("SameSite=None", {.name = "a", .value = {}, .sameSite = Cookie::SameSite::None}, "set secure");
    row("partitioned", {.name = "a", .value = {}, .partitioned = true}, "set secure");
    row("__Secure- without Secure", {.name = "__Secure-a", .value = {}}, "set secure");
    row("__host- without Secure", {.name = "__host-a", .value = {}}, "set secure");
    row("__Host- with path", {.name = "__Host-a", .value = {}, .path = "/x", .secure = true}, "another name");
    row("__Host- with domain", {.name = "__HOST-a", .value = {}, .domain = "a.b", .secure = true}, "clear the domain");
    row("too long", {.name = "a", .value = QString(4'096, u'x')}, "send a key");
    row("too long when encoded", {.name = "a", .value = QString(1'400, u' ')}, "send a key");
}

void tst_Cookie::refused()
{
    QFETCH(Cookie, cookie);
    QFETCH(QByteArray, mend);
    Response response = make();
    try {
        response.setCookie(cookie);
        QFAIL("accepted");
    } catch (const std::invalid_argument &refusal) {
        QVERIFY2(QByteArrayView(refusal.what()).contains(mend), refusal.what());
    }
    QCOMPARE(block(), QByteArray());
}

void tst_Cookie::refusalChangesNothing()
{
    Response response = make();
    response.setCookie("a", u"1"_qs);
    QVERIFY_THROWS_EXCEPTION(std::invalid_argument,
                             response.setCookie({.name = "a", .value = u"2"_qs, .partitioned = true}));
    QCOMPARE(block(), QByteArray("Set-Cookie: a=1; Path=/; HttpOnly; SameSite=Lax|"));
}

void tst_Cookie::laterOneWins()
{
    Response response = make();
    response.setCookie("a", u"1"_qs).setHeader("X", "y").setCookie("a", u"2"_qs);
    QCOMPARE(block(), QByteArray("X: y|Set-Cookie: a=2; Path=/; HttpOnly; SameSite=Lax|"));
    // The same cookie although its other attributes differ, and although it was written by hand.
    response.addHeader("set-cookie", "b=1; path=/x; DOMAIN=A.org; Secure");
    response.setCookie({.name = "b", .value = u"2"_qs, .path = "/x", .domain = "a.ORG", .httpOnly = false});
    QCOMPARE(block(), QByteArray("X: y|Set-Cookie: a=2; Path=/; HttpOnly; SameSite=Lax|"
                                 "Set-Cookie: b=2; Domain=a.ORG; Path=/x; SameSite=Lax|"));
}

void tst_Cookie::othersStay()
{
    Response response = make();
    const QList<Cookie> different = {{.name = "a", .value = {}},
                                     {.name = "A", .value = {}},
                                     {.name = "a", .value = {}, .path = "/x"},
                                     {.name = "a", .value = {}, .path = ""},
                                     {.name = "a", .value = {}, .domain = "a.org"},
                                     {.name = "aa", .value = {}}};
    for (const Cookie &cookie : different)
        response.setCookie(cookie);
    QCOMPARE(block().count("Set-Cookie: "), different.size());
}

void tst_Cookie::clear()
{
    Response response = make();
    response.setCookie("a", u"1"_qs).clearCookie("a").clearCookie("__Host-b").clearCookie("c", "/x", "a.org");
    QCOMPARE(block(),
             QByteArray("Set-Cookie: a=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; HttpOnly; "
                        "SameSite=Lax|"
                        "Set-Cookie: __Host-b=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; Secure; "
                        "HttpOnly; SameSite=Lax|"
                        "Set-Cookie: c=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Domain=a.org; Path=/x; "
                        "HttpOnly; SameSite=Lax|"));
}

void tst_Cookie::clearedWithItsAttributes()
{
    Response response = make();
    const Cookie cookie = {.name = "a",
                           .value = u"1"_qs,
                           .path = "/x",
                           .domain = "a.org",
                           .maxAge = std::chrono::hours(1),
                           .secure = true,
                           .httpOnly = false,
                           .sameSite = Cookie::SameSite::None,
                           .partitioned = true};
    response.setCookie(cookie).clearCookie(cookie);
    QCOMPARE(block(), QByteArray("Set-Cookie: a=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Domain=a.org; "
                                 "Path=/x; Secure; SameSite=None; Partitioned|"));
}

QTEST_GUILESS_MAIN(tst_Cookie)
#include "tst_cookie.moc"
