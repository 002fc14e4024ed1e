#include "sdk/src/request_p.h"

#include <QTest>

#include <optional>

using namespace Quern;

namespace {

/// A request whose target is \a target.
Request requestFor(const QByteArray &target)
{
    auto *data = new RequestPrivate;
    data->frame = target;
    data->target = data->frame;
    return Request(data);
}

} // namespace

class tst_Request : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void pathAndQueryString_data();
    void pathAndQueryString();
    void query_data();
    void query();
    void queryTellsAbsentFromEmpty();
    void param_data();
    void param();
    void paramByName();
    void header();
    void headersInOrder();
    void fields();
    void unixSocket();
    void viewsLiveAsLongAsACopy();
};

void tst_Request::pathAndQueryString_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("queryString");
    const auto row = [](const char *name, const char *target, const char *path, const char *queryString) {
        QTest::newRow(name) << QByteArray(target) << QByteArray(path) << QByteArray(queryString);
    };
    row("path alone", "/a/b", "/a/b", "");
    row("with query", "/a?x=1", "/a", "x=1");
    row("empty query", "/a?", "/a", "");
    row("two question marks", "/a?b?c", "/a", "b?c");
    row("encoded as sent", "/a%3Fb?c%26d", "/a%3Fb", "c%26d");
    row("query alone", "?x", "", "x");
    row("whole URI", "http://example.com/a/b?x=1", "/a/b", "x=1");
    row("whole URI without a path", "http://example.com?x=/1", "/", "x=/1");
    row("scheme within the path", "/a?u=http://b/c", "/a", "u=http://b/c");
}

void tst_Request::pathAndQueryString()
{
    QFETCH(QByteArray, target);
    const Request request = requestFor(target);
    QCOMPARE(request.target(), target);
    QTEST(request.path().toByteArray(), "path");
    QTEST(request.queryString().toByteArray(), "queryString");
}

void tst_Request::query_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QString>("value");
    const auto row = [](const char *title, const char *target, const char *name, const QString &value) {
        QTest::newRow(title) << QByteArray(target) << QByteArray(name) << value;
    };
    row("one", "/?x=1", "x", u"1"_qs);
    row("second", "/?x=1&y=2", "y", u"2"_qs);
    row("first of two", "/?x=1&x=2", "x", u"1"_qs);
    row("absent", "/?x=1", "y", QString());
    row("no query string", "/", "x", QString());
    row("empty query string", "/?", "x", QString());
    row("no value", "/?x", "x", u""_qs);
    row("empty value", "/?x=", "x", u""_qs);
    row("empty first value wins", "/?x=&x=1", "x", u""_qs);
    row("equals sign in value", "/?x=a=b", "x", u"a=b"_qs);
    row("empty pairs", "/?&&x=1&&", "x", u"1"_qs);
    row("empty name", "/?=1", "", u"1"_qs);
    row("empty pairs have no name", "/?&&", "", QString());
    row("name is a prefix", "/?xy=1&x=2", "x", u"2"_qs);
    row("case counts", "/?X=1", "x", QString());
    row("value escaped", "/?x=a%20b", "x", u"a b"_qs);
    row("plus is space", "/?x=a+b", "x", u"a b"_qs);
    row("escaped plus", "/?x=a%2Bb", "x", u"a+b"_qs);
    row("escaped ampersand", "/?x=a%26y=1", "x", u"a&y=1"_qs);
    row("escaped equals sign in name", "/?x%3Dy=1", "x=y", u"1"_qs);
    row("escaped name", "/?%78=1", "x", u"1"_qs);
    row("plus in name", "/?a+b=1", "a b", u"1"_qs);
    row("escaped plus in name", "/?a%2Bb=1", "a+b", u"1"_qs);
    row("UTF-8 name", "/?%C3%A9=1", "\xc3\xa9", u"1"_qs);
    row("UTF-8 value", "/?x=%C3%A9", "x", u"é"_qs);
    row("beyond the first plane", "/?x=%F0%9F%98%80", "x", u"😀"_qs);
    row("decoded once", "/?x=%2541", "x", u"%41"_qs);
    row("malformed escape", "/?x=%zz%4", "x", u"%zz%4"_qs);
    row("half an escape before a good one", "/?x=%%41", "x", u"%A"_qs);
    row("percent sign last", "/?x=100%", "x", u"100%"_qs);
    row("escaped NUL", "/?x=a%00b", "x", QString::fromLatin1("a\0b", 3));
    row("array brackets are part of the name", "/?x[]=1", "x[]", u"1"_qs);
    row("semicolon separates nothing", "/?x=1;y=2", "x", u"1;y=2"_qs);
    row("invalid UTF-8", "/?x=a%FFb", "x", u"a\uFFFDb"_qs);
    row("UTF-8 cut short", "/?x=%C3", "x", u"\uFFFD"_qs);
    row("raw invalid UTF-8", "/?x=\xff", "x", u"\uFFFD"_qs);
}

void tst_Request::query()
{
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, name);
    QTEST(requestFor(target).query(name), "value");
}

void tst_Request::queryTellsAbsentFromEmpty()
{
    const Request request = requestFor("/?a&b=&c=1");
    QVERIFY(request.query("a").isEmpty() && !request.query("a").isNull());
    QVERIFY(request.query("b").isEmpty() && !request.query("b").isNull());
    QVERIFY(request.query("d").isNull());
}

void tst_Request::param_data()
{
    QTest::addColumn<QByteArray>("sent");
    QTest::addColumn<QString>("value");
    QTest::newRow("plain") << QByteArrayLiteral("bar") << u"bar"_qs;
    QTest::newRow("escaped space") << QByteArrayLiteral("a%20b") << u"a b"_qs;
    QTest::newRow("plus stays") << QByteArrayLiteral("a+b") << u"a+b"_qs;
    QTest::newRow("plus stays beside escape") << QByteArrayLiteral("a+b%20") << u"a+b "_qs;
    QTest::newRow("escaped slash") << QByteArrayLiteral("a%2Fb") << u"a/b"_qs;
    QTest::newRow("lower-case digits") << QByteArrayLiteral("%c3%a9") << u"é"_qs;
    QTest::newRow("decoded once") << QByteArrayLiteral("%2541") << u"%41"_qs;
    QTest::newRow("malformed escape") << QByteArrayLiteral("%4") << u"%4"_qs;
    QTest::newRow("malformed second digit") << QByteArrayLiteral("%4g") << u"%4g"_qs;
    QTest::newRow("invalid UTF-8") << QByteArrayLiteral("%ff") << u"\uFFFD"_qs;
    QTest::newRow("longer than the stack buffer") << QByteArray(5000, 'a') + "%20" << QString(5000, u'a') + u' ';
}

void tst_Request::param()
{
    QFETCH(QByteArray, sent);
    auto *data = new RequestPrivate;
    data->frame = sent;
    data->params.append({"name", data->frame});
    const Request request(data);
    QTEST(request.param("name"), "value");
}

void tst_Request::paramByName()
{
    auto *data = new RequestPrivate;
    data->params.append({"first", "1"});
    data->params.append({"second", "2"});
    const Request request(data);
    QCOMPARE(request.param("first"), u"1"_qs);
    QCOMPARE(request.param("second"), u"2"_qs);
    QCOMPARE(request.param("third"), QString());
    QCOMPARE(request.param("First"), QString());
}

void tst_Request::header()
{
    auto *data = new RequestPrivate;
    data->headers.append({"Host", "example.org"});
    data->headers.append({"X-Empty", QByteArrayView("")});
    data->headers.append({"X-Twice", "1"});
    data->headers.append({"x-twice", "2"});
    const Request request(data);
    QCOMPARE(request.header("Host"), QByteArrayView("example.org"));
    QCOMPARE(request.header("hOST"), QByteArrayView("example.org"));
    QCOMPARE(request.header("X-Twice"), QByteArrayView("1"));
    QVERIFY(request.header("X-Empty").isEmpty() && !request.header("X-Empty").isNull());
    QVERIFY(request.header("Hos").isNull());
    QVERIFY(request.header("Hosts").isNull());
    QVERIFY(request.header("").isNull());
}

void tst_Request::headersInOrder()
{
    auto *data = new RequestPrivate;
    for (int i = 0; i < 20; ++i)
        data->headers.append({i % 2 == 0 ? "B" : "a", i % 2 == 0 ? "even" : "odd"});
    const Request request(data);
    QCOMPARE(request.headerCount(), 20);
    QCOMPARE(request.headerName(0), QByteArrayView("B"));
    QCOMPARE(request.headerValue(0), QByteArrayView("even"));
    QCOMPARE(request.headerName(19), QByteArrayView("a"));
    QCOMPARE(request.headerValue(19), QByteArrayView("odd"));
}

void tst_Request::fields()
{
    auto *data = new RequestPrivate;
    data->id = 18446744073709551615u;
    data->method = "PATCH";
    data->bodyBytes = QByteArray("a\0b", 3);
    data->body = data->bodyBytes;
    data->remoteAddress = "::1";
    data->remotePort = 65535;
    data->minorVersion = 0;
    data->journey.workerId = 4;
    const Request request(data);
    QCOMPARE(request.id(), 18446744073709551615u);
    QCOMPARE(request.method(), QByteArrayView("PATCH"));
    QCOMPARE(request.body().toByteArray(), QByteArray("a\0b", 3));
    QCOMPARE(request.remoteAddress(), u"::1"_qs);
    QCOMPARE(request.remotePort(), 65535);
    QCOMPARE(request.minorVersion(), 0);
    QCOMPARE(request.journey().workerId, 4);
}

void tst_Request::unixSocket()
{
    const Request request(new RequestPrivate);
    QVERIFY(request.remoteAddress().isEmpty());
    QCOMPARE(request.remotePort(), 0);
    QVERIFY(request.body().isEmpty());
    QVERIFY(request.queryString().isEmpty());
}

void tst_Request::viewsLiveAsLongAsACopy()
{
    std::optional<Request> first = requestFor("/a/long/enough/target/to/live/on/the/heap?x=1");
    Request second = requestFor("/other");
    second = *first;
    const QByteArrayView path = second.path();
    first.reset();
    QCOMPARE(path, QByteArrayView("/a/long/enough/target/to/live/on/the/heap"));
}

QTEST_APPLESS_MAIN(tst_Request)
#include "tst_request.moc"
