#include "requestsupport.h"

#include "sdk/src/application_p.h"

#include <QTest>

#include <stdexcept>

using namespace Quern;

namespace {

using Params = std::initializer_list<std::pair<QByteArrayView, QString>>;

/// urlFor(), or what it says against the parameters.
QByteArray urlOf(const Request &request, const char *name, Params params)
{
    try {
        return request.urlFor(name, params);
    } catch (const std::invalid_argument &refused) {
        return QByteArray("refused: ") + refused.what();
    }
}

} // namespace

class tst_RequestUrl : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void hosts_data();
    void hosts();
    void urls();
    void urlFor();
    void setters();
    void refusedSetters_data();
    void refusedSetters();
    void attributes();
};

void tst_RequestUrl::hosts_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("field");
    QTest::addColumn<QByteArray>("proxied");
    QTest::addColumn<QByteArray>("host");
    const auto row = [](const char *name, const char *target, const char *field, const char *proxied,
                        const char *host) {
        QTest::newRow(name) << QByteArray(target) << QByteArray(field) << QByteArray(proxied) << QByteArray(host);
    };
    row("field", "/", "example.org", "", "example.org");
    row("with port", "/", "example.org:8080", "", "example.org:8080");
    row("IPv6", "/", "[::1]:80", "", "[::1]:80");
    row("user information", "/", "me:secret@example.org", "", "example.org");
    row("two at signs", "/", "a@b@example.org", "", "example.org");
    row("none", "/", "", "", "");
    row("whole URI wins over the field", "http://one.org/x", "two.org", "", "one.org");
    row("whole URI with query alone", "http://one.org?x=/", "two.org", "", "one.org");
    row("whole URI with user information", "http://me@one.org:81/", "two.org", "", "one.org:81");
    row("proxy wins over all", "http://one.org/x", "two.org", "three.org:1", "three.org:1");
}

void tst_RequestUrl::hosts()
{
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, field);
    QFETCH(QByteArray, proxied);
    auto *data = requestData({.target = target, .headers = {{"Host", field}}});
    data->host = proxied;
    QTEST(Request(data).host().toByteArray(), "host");
}

void tst_RequestUrl::urls()
{
    auto *data = requestData({.target = "/a%20b?c=%26", .headers = {{"Host", "example.org:8080"}}});
    const Request request(data);
    QCOMPARE(request.url().toEncoded(), QByteArray("http://example.org:8080/a%20b?c=%26"));
    QCOMPARE(request.scheme(), QByteArrayView("http"));
    data->isSecure = true;
    QCOMPARE(request.url().toEncoded(), QByteArray("https://example.org:8080/a%20b?c=%26"));
    QVERIFY(request.isSecure());
    QCOMPARE(requestOf({.target = "/a?b"}).url().toEncoded(), QByteArray("/a?b"));
    QCOMPARE(requestOf({.target = "*", .headers = {{"Host", "x"}}}).url().toEncoded(), QByteArray("http://x"));
    QCOMPARE(requestOf({.target = "http://one.org/a"}).url().toEncoded(), QByteArray("http://one.org/a"));
}

void tst_RequestUrl::urlFor()
{
    ApplicationPrivate data;
    Application app(&data);
    const Handler ignore = [](const Request &, Response &) {};
    app.get("/users/:id(\\d+)", ignore).name("user");
    app.get("/files/:box/*path", ignore).name("file");
    app.get("/caf\xc3\xa9", ignore).name("cafe");
    app.get("/", ignore).name("home");
    auto *parts = requestData({});
    parts->application = &data;
    const Request request(parts);
    QCOMPARE(urlOf(request, "home", {}), QByteArray("/"));
    QCOMPARE(urlOf(request, "cafe", {}), QByteArray("/caf%C3%A9"));
    QCOMPARE(urlOf(request, "user", {{"id", u"5"_qs}}), QByteArray("/users/5"));
    QCOMPARE(urlOf(request, "file", {{"path", u"a b/c?"_qs}, {"box", u"x/y"_qs}}),
             QByteArray("/files/x%2Fy/a%20b/c%3F"));
    QVERIFY(urlOf(request, "none", {}).contains("\"none\": no route has that name"));
    QVERIFY(urlOf(request, "user", {}).contains("\"id\" is missing"));
    QVERIFY(urlOf(request, "user", {{"id", u""_qs}}).contains("\"id\" is empty"));
    QVERIFY(urlOf(request, "user", {{"id", u"x"_qs}}).contains("does not fit the constraint \"\\d+\""));
    QVERIFY(urlOf(request, "user", {{"id", u"5"_qs}, {"x", u"5"_qs}}).contains("1 parameters and 2 values"));
    QVERIFY(urlOf(request, "file", {{"path", u"/a"_qs}, {"box", u"x"_qs}}).contains("begins with '/'"));
    QVERIFY(
        urlOf(request, "file", {{"path", u"a"_qs}, {"box", u".."_qs}}).contains("would refuse \"/files/../a\": dot"));
    QVERIFY(urlOf(request, "file", {{"path", u"a/./b"_qs}, {"box", u"x"_qs}}).contains("dot segment"));
    QVERIFY(urlOf(requestOf({}), "home", {}).contains("no route has that name"));
}

void tst_RequestUrl::setters()
{
    Request request = requestOf({.target = "/a", .headers = {{"A", "1"}, {"B", "2"}, {"a", "3"}, {"C", "4"}}});
    const QByteArrayView before = request.target();
    request.setTarget("/b?c=1");
    request.setMethod("PUT");
    request.setHeader("a", " 5 ");
    request.setHeader("D", "6");
    request.removeHeader("b");
    request.removeHeader("absent");
    QCOMPARE(before, QByteArrayView("/a"));
    QCOMPARE(request.path(), QByteArrayView("/b"));
    QCOMPARE(request.query("c"), u"1"_qs);
    QCOMPARE(request.method(), QByteArrayView("PUT"));
    QByteArrayList fields;
    for (qsizetype i = 0; i < request.headerCount(); ++i)
        fields << request.headerName(i).toByteArray() + "=" + request.headerValue(i).toByteArray();
    QCOMPARE(fields.join(' '), QByteArray("A=5 C=4 D=6"));
    request.setHeader("Empty", {});
    QVERIFY(!request.header("Empty").isNull());
}

void tst_RequestUrl::refusedSetters_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("value");
    const auto row = [](const char *title, const char *method, const char *target, const char *name,
                        const QByteArray &value) {
        QTest::newRow(title) << QByteArray(method) << QByteArray(target) << QByteArray(name) << value;
    };
    row("method with a space", "G T", "/", "A", "1");
    row("no method", "", "/", "A", "1");
    row("relative target", "GET", "a", "A", "1");
    row("target with a space", "GET", "/a b", "A", "1");
    row("target with a line feed", "GET", "/a\nb", "A", "1");
    row("target with a fragment", "GET", "/a#b", "A", "1");
    row("target with dot segments", "GET", "/a/../b", "A", "1");
    row("target with an encoded NUL", "GET", "/a%00", "A", "1");
    row("target with half an escape", "GET", "/a%2?b", "A", "1");
    row("name with a colon", "GET", "/", "A:", "1");
    row("value with a line feed", "GET", "/", "A", "1\n2");
    row("value with NUL", "GET", "/", "A", QByteArray("1\0", 2));
}

void tst_RequestUrl::refusedSetters()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, value);
    Request request = requestOf({});
    const auto setAll = [&] {
        request.setMethod(method);
        request.setTarget(target);
        request.setHeader(name, value);
    };
    QVERIFY_THROWS_EXCEPTION(std::invalid_argument, setAll());
}

void tst_RequestUrl::attributes()
{
    Request request = requestOf({});
    QVERIFY(!request.attribute("user").isValid());
    request.setAttribute("user", 7);
    const Request copy = request;
    QCOMPARE(copy.attribute("user").toInt(), 7);
    QVERIFY(!copy.attribute("User").isValid());
}

QTEST_APPLESS_MAIN(tst_RequestUrl)
#include "tst_requesturl.moc"
