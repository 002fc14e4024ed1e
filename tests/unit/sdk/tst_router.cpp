#include "sdk/src/application_p.h"
#include "sdk/src/router_p.h"

#include <Quern/application.h>

#include <QTest>

using Quern::Application;
using Quern::ApplicationPrivate;
using Quern::Router;

namespace {

void ignore(const Quern::Request &, Quern::Response &) {}

QByteArray describe(const Router::Match &match, const ApplicationPrivate &application)
{
    if (match.outcome == Router::Outcome::NotFound)
        return QByteArrayLiteral("404");
    if (match.outcome == Router::Outcome::MethodNotAllowed)
        return "405 " + match.allow;
    if (match.outcome == Router::Outcome::Options)
        return "options " + match.allow;
    const Quern::RouteSpec &route = application.routes[size_t(match.route)];
    QByteArray text = route.method + ' ' + route.pattern;
    for (const auto &param : match.params)
        text.append(' ').append(param.name).append('=').append(param.value);
    return text;
}

Router routerOf(const ApplicationPrivate &application)
{
    Router router;
    for (const Quern::RouteSpec &route : application.routes)
        router.add(route.method, route.pattern);
    return router;
}

} // namespace

class tst_Router : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup() { m_application.routes.clear(); }
    void matches_data();
    void matches();
    void wildcards_data();
    void wildcards();
    void constraints_data();
    void constraints();
    void anyMethod_data();
    void anyMethod();
    void emptyTable();
    void thousandRoutes();
    void viewsPointIntoThePath();
    void deepBacktracking();

private:
    ApplicationPrivate m_application;
};

void tst_Router::init()
{
    Application app(&m_application);
    app.get("/", ignore);
    app.get("/hello", ignore);
    app.get("/hello/", ignore);
    app.get("/hello/:name", ignore);
    app.post("/hello/:name", ignore);
    app.get("/a/:x/c", ignore);
    app.get("/a/b/d", ignore);
    app.get("/a/:p/:q/:r", ignore);
    app.put("/a/b/:q/:r", ignore);
    app.post("/mixed/fixed", ignore);
    app.get("/mixed/:any", ignore);
    app.del("/mixed/:any", ignore);
    app.route("HEAD", "/head", ignore);
    app.get("/head", ignore);
    app.route("HEAD", "/headonly", ignore);
    app.route("PROPFIND", "/dav", ignore);
    app.patch("/dav", ignore);
    app.get("/caf%C3%A9", ignore);
    app.get("/na\xc3\xafve/:x", ignore);
    app.get("/with%2Fslash", ignore);
    app.get("/with%2Fslash/:x", ignore);
    app.get("/100%25", ignore);
    app.get("/%3Aname", ignore);
    app.get("/trail/:x/", ignore);
    app.get("/five/:a/:b/:c/:d/:e", ignore);
    app.get("/Case", ignore);
    app.get("/plus+sign", ignore);
    app.get("/dots/.../up", ignore);
    app.route("OPTIONS", "/opt", ignore);
}

void tst_Router::matches_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("expected");

    const auto row = [](const char *name, const char *method, const char *path, const char *expected) {
        QTest::newRow(name) << QByteArray(method) << QByteArray(path) << QByteArray(expected);
    };
    row("root", "GET", "/", "GET /");
    row("fixed", "GET", "/hello", "GET /hello");
    row("fixed with trailing slash", "GET", "/hello/", "GET /hello/");
    row("parameter", "GET", "/hello/bar", "GET /hello/:name name=bar");
    row("parameter, other method", "POST", "/hello/bar", "POST /hello/:name name=bar");
    row("parameter is encoded as sent", "GET", "/hello/b%20r", "GET /hello/:name name=b%20r");
    row("parameter with encoded slash", "GET", "/hello/a%2Fb", "GET /hello/:name name=a%2Fb");
    row("parameter that looks like one", "GET", "/hello/:name", "GET /hello/:name name=:name");
    row("parameter of dots", "GET", "/hello/..", "GET /hello/:name name=..");
    row("parameter of raw UTF-8", "GET", "/hello/\xc3\xa9", "GET /hello/:name name=\xc3\xa9");
    row("parameter of a malformed escape", "GET", "/hello/%zz", "GET /hello/:name name=%zz");
    row("trailing slash after parameter", "GET", "/hello/bar/", "404");
    row("one segment too many", "GET", "/hello/bar/baz", "404");
    row("no route", "GET", "/nothing", "404");
    row("prefix of a route", "GET", "/hell", "404");
    row("longer than a route", "GET", "/hellos", "404");
    row("inner node without route", "GET", "/a", "404");
    row("inner node below", "GET", "/a/b", "404");
    row("empty path", "GET", "", "404");
    row("no leading slash", "GET", "hello", "404");
    row("asterisk", "GET", "*", "404");
    row("asterisk of OPTIONS", "OPTIONS", "*", "options DELETE, GET, HEAD, OPTIONS, PATCH, POST, PROPFIND, PUT");
    row("two slashes", "GET", "//", "404");
    row("two slashes first", "GET", "//hello", "404");
    row("two slashes inside", "GET", "/a//c", "404");
    row("two slashes at the end", "GET", "/hello//", "404");
    row("case counts", "GET", "/HELLO", "404");
    row("case counts, match", "GET", "/Case", "GET /Case");
    row("case counts, miss", "GET", "/case", "404");

    row("backtrack: parameter branch", "GET", "/a/b/c", "GET /a/:x/c x=b");
    row("backtrack: fixed branch", "GET", "/a/b/d", "GET /a/b/d");
    row("backtrack: other value", "GET", "/a/z/c", "GET /a/:x/c x=z");
    row("backtrack: other value, fixed tail", "GET", "/a/z/d", "404");
    row("backtrack over two levels", "GET", "/a/b/e/f", "GET /a/:p/:q/:r p=b q=e r=f");
    row("backtrack out of a fixed tail", "GET", "/a/b/d/f", "GET /a/:p/:q/:r p=b q=d r=f");
    row("backtrack out of parameter c", "GET", "/a/b/c/f", "GET /a/:p/:q/:r p=b q=c r=f");
    row("fixed branch by method", "PUT", "/a/b/e/f", "PUT /a/b/:q/:r q=e r=f");
    row("names belong to the route", "GET", "/a/1/2/3", "GET /a/:p/:q/:r p=1 q=2 r=3");
    row("empty parameter in the middle", "GET", "/a//2/3", "404");
    row("empty parameter at the end", "GET", "/a/1/2/", "404");
    row("more parameters than are inline", "GET", "/five/1/2/3/4/5", "GET /five/:a/:b/:c/:d/:e a=1 b=2 c=3 d=4 e=5");

    row("fixed wins", "POST", "/mixed/fixed", "POST /mixed/fixed");
    row("method decides before fixedness", "GET", "/mixed/fixed", "GET /mixed/:any any=fixed");
    row("method decides, HEAD", "HEAD", "/mixed/fixed", "GET /mixed/:any any=fixed");
    row("405 of both branches", "PUT", "/mixed/fixed", "405 DELETE, GET, HEAD, OPTIONS, POST");
    row("405 of one branch", "PUT", "/mixed/other", "405 DELETE, GET, HEAD, OPTIONS");

    row("HEAD through GET", "HEAD", "/hello", "GET /hello");
    row("HEAD through GET, parameter", "HEAD", "/hello/x", "GET /hello/:name name=x");
    row("HEAD of its own", "HEAD", "/head", "HEAD /head");
    row("GET beside HEAD", "GET", "/head", "GET /head");
    row("HEAD alone", "HEAD", "/headonly", "HEAD /headonly");
    row("HEAD does not give GET", "GET", "/headonly", "405 HEAD, OPTIONS");
    row("HEAD without GET", "HEAD", "/dav", "405 OPTIONS, PATCH, PROPFIND");
    row("HEAD not found", "HEAD", "/nothing", "404");

    row("405 with HEAD", "DELETE", "/hello", "405 GET, HEAD, OPTIONS");
    row("405 is ordered", "DELETE", "/hello/x", "405 GET, HEAD, OPTIONS, POST");
    row("405 lists HEAD once", "POST", "/head", "405 GET, HEAD, OPTIONS");
    row("405 without GET", "GET", "/dav", "405 OPTIONS, PATCH, PROPFIND");
    row("OPTIONS is derived", "OPTIONS", "/hello", "options GET, HEAD, OPTIONS");
    row("OPTIONS of a parameter", "OPTIONS", "/hello/x", "options GET, HEAD, OPTIONS, POST");
    row("OPTIONS of both branches", "OPTIONS", "/mixed/fixed", "options DELETE, GET, HEAD, OPTIONS, POST");
    row("OPTIONS not found", "OPTIONS", "/nothing", "404");
    row("OPTIONS of its own", "OPTIONS", "/opt", "OPTIONS /opt");
    row("405 for root", "POST", "/", "405 GET, HEAD, OPTIONS");
    row("unusual method", "PROPFIND", "/dav", "PROPFIND /dav");
    row("method's case counts", "get", "/hello", "405 GET, HEAD, OPTIONS");

    row("escaped pattern, escaped path", "GET", "/caf%C3%A9", "GET /caf%C3%A9");
    row("escaped pattern, lower-case escape", "GET", "/caf%c3%a9", "GET /caf%C3%A9");
    row("escaped pattern, raw path", "GET", "/caf\xc3\xa9", "GET /caf%C3%A9");
    row("raw pattern, escaped path", "GET", "/na%C3%AFve/1", "GET /na\xc3\xafve/:x x=1");
    row("raw pattern, raw path", "GET", "/na\xc3\xafve/1", "GET /na\xc3\xafve/:x x=1");
    row("needless escape", "GET", "/%68ello", "GET /hello");
    row("needless escapes before a parameter", "GET", "/%68%65llo/%6eme", "GET /hello/:name name=%6eme");
    row("escaped slash in pattern", "GET", "/with%2Fslash", "GET /with%2Fslash");
    row("escaped slash in pattern, lower case", "GET", "/with%2fslash", "GET /with%2Fslash");
    row("escaped slash in pattern, with parameter", "GET", "/with%2Fslash/1", "GET /with%2Fslash/:x x=1");
    row("escaped slash is no separator", "GET", "/with/slash", "404");
    row("separator is no escaped slash", "GET", "/a%2Fb/d", "404");
    row("percent sign", "GET", "/100%25", "GET /100%25");
    row("percent sign left raw", "GET", "/100%", "GET /100%25");
    row("decoded once only", "GET", "/%2568ello", "404");
    row("fixed colon, raw", "GET", "/:name", "GET /%3Aname");
    row("fixed colon, escaped", "GET", "/%3Aname", "GET /%3Aname");
    row("malformed escape", "GET", "/%6", "404");
    row("escaped NUL", "GET", "/hello%00", "404");
    row("plus is plus", "GET", "/plus+sign", "GET /plus+sign");
    row("plus is no space", "GET", "/plus%20sign", "404");
    row("escaped plus", "GET", "/plus%2Bsign", "GET /plus+sign");

    row("slash after parameter", "GET", "/trail/1/", "GET /trail/:x/ x=1");
    row("slash after parameter missing", "GET", "/trail/1", "404");
    row("empty parameter before slash", "GET", "/trail//", "404");
    row("dots are like other characters", "GET", "/dots/.../up", "GET /dots/.../up");
    row("dot segments, resolved by the client", "GET", "/up", "404");
}

void tst_Router::matches()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, path);
    QFETCH(QByteArray, expected);
    const Router router = routerOf(m_application);
    QCOMPARE(describe(router.match(method, path), m_application), expected);
}

void tst_Router::wildcards_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const char *method, const char *path, const char *expected) {
        QTest::newRow(name) << QByteArray(method) << QByteArray(path) << QByteArray(expected);
    };
    row("one segment", "GET", "/files/a", "GET /files/*path path=a");
    row("several segments", "GET", "/files/a/b/c", "GET /files/*path path=a/b/c");
    row("trailing slash is part of it", "GET", "/files/a/", "GET /files/*path path=a/");
    row("empty segment inside", "GET", "/files/a//b", "GET /files/*path path=a//b");
    row("no segment", "GET", "/files", "404");
    row("an empty segment", "GET", "/files/", "404");
    row("an empty first segment", "GET", "/files//a", "404");
    row("encoded as sent", "GET", "/files/a%20b/c%2Fd", "GET /files/*path path=a%20b/c%2Fd");
    row("fixed wins", "GET", "/files/index", "GET /files/index");
    row("behind a fixed segment", "GET", "/files/index/x", "GET /files/*path path=index/x");
    row("parameter wins", "GET", "/files/7/meta", "GET /files/:id/meta id=7");
    row("out of a parameter", "GET", "/files/7/data", "GET /files/*path path=7/data");
    row("method decides", "PUT", "/files/index", "PUT /files/*path path=index");
    row("behind a parameter", "GET", "/of/me/a/b", "GET /of/:user/*rest user=me rest=a/b");
    row("at the root", "DELETE", "/x/y", "DELETE /*all all=x/y");
    row("405", "PATCH", "/files/index", "405 DELETE, GET, HEAD, OPTIONS, PUT");
}

void tst_Router::wildcards()
{
    m_application.routes.clear();
    Application app(&m_application);
    app.get("/files/*path", ignore);
    app.put("/files/*path", ignore);
    app.get("/files/index", ignore);
    app.get("/files/:id/meta", ignore);
    app.get("/of/:user/*rest", ignore);
    app.del("/*all", ignore);
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, path);
    const QByteArray found = describe(routerOf(m_application).match(method, path), m_application);
    // The one at the root matches every path, but for another method.
    QFETCH(QByteArray, expected);
    QCOMPARE(found, expected == "404" ? QByteArray("405 DELETE, OPTIONS") : expected);
}

void tst_Router::constraints_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const char *path, const char *expected) {
        QTest::newRow(name) << QByteArray(path) << QByteArray(expected);
    };
    row("digits", "/user/42", "GET /user/:id(\\d+) id=42");
    row("fixed wins", "/user/0", "GET /user/0");
    row("second constraint", "/user/ab", "GET /user/:name([a-z]+) name=ab");
    row("no constraint fits", "/user/A1", "GET /user/:any any=A1");
    row("the whole segment has to fit", "/user/42x", "GET /user/:any any=42x");
    row("line feed at the end does not fit", "/user/42%0A", "GET /user/:any any=42%0A");
    row("held against the decoded segment", "/user/%34%32", "GET /user/:id(\\d+) id=%34%32");
    row("first of two that fit", "/two/ab", "GET /two/:x([a-c]+) x=ab");
    row("second of two that fit", "/two/ad", "GET /two/:y([a-d]+) y=ad");
    row("backtrack out of a constraint", "/two/ab/deep", "GET /two/:y([a-d]+)/deep y=ab");
    row("alternatives are anchored together", "/alt/catx", "404");
    row("alternative", "/alt/dog", "GET /alt/:animal(cat|dog) animal=dog");
    row("question mark and escaped parenthesis", "/odd/(b", "GET /odd/:x(\\(a?b) x=(b");
    row("parenthesis in a class", "/class/)", "GET /class/:x([)]) x=)");
    row("letters beyond ASCII", "/letter/%C3%A9", "GET /letter/:x(\\p{L}) x=%C3%A9");
    row("before the wildcard", "/wild/12", "GET /wild/:n(\\d+) n=12");
    row("wildcard", "/wild/12/x", "GET /wild/*rest rest=12/x");
}

void tst_Router::constraints()
{
    m_application.routes.clear();
    Application app(&m_application);
    app.get("/user/:any", ignore);
    app.get("/user/:id(\\d+)", ignore);
    app.get("/user/:name([a-z]+)", ignore);
    app.get("/user/0", ignore);
    app.get("/two/:x([a-c]+)", ignore);
    app.get("/two/:y([a-d]+)", ignore);
    app.get("/two/:y([a-d]+)/deep", ignore);
    app.get("/alt/:animal(cat|dog)", ignore);
    app.get("/odd/:x(\\(a?b)", ignore);
    app.get("/class/:x([)])", ignore);
    app.get("/letter/:x(\\p{L})", ignore);
    app.get("/wild/*rest", ignore);
    app.get("/wild/:n(\\d+)", ignore);
    QFETCH(QByteArray, path);
    QTEST(describe(routerOf(m_application).match("GET", path), m_application), "expected");
}

void tst_Router::anyMethod_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const char *method, const char *path, const char *expected) {
        QTest::newRow(name) << QByteArray(method) << QByteArray(path) << QByteArray(expected);
    };
    row("any method", "POST", "/a", "* /a");
    row("unusual method", "BREW", "/a", "* /a");
    row("OPTIONS is its own", "OPTIONS", "/a", "* /a");
    row("a route for the method wins", "GET", "/a", "GET /a");
    row("HEAD through GET before any", "HEAD", "/a", "GET /a");
    row("with a parameter", "LOCK", "/b/1", "* /b/:x x=1");
    row("all methods", "OPTIONS", "*", "options DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
}

void tst_Router::anyMethod()
{
    m_application.routes.clear();
    Application app(&m_application);
    app.any("/a", ignore);
    app.get("/a", ignore);
    app.any("/b/:x", ignore);
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, path);
    QTEST(describe(routerOf(m_application).match(method, path), m_application), "expected");
}

void tst_Router::emptyTable()
{
    const Router router;
    QCOMPARE(router.match("GET", "/").outcome, Router::Outcome::NotFound);
    QCOMPARE(router.match("GET", "/a%20b").outcome, Router::Outcome::NotFound);
    QCOMPARE(router.match("GET", QByteArrayView()).outcome, Router::Outcome::NotFound);
}

void tst_Router::thousandRoutes()
{
    m_application.routes.clear();
    Application app(&m_application);
    for (int i = 0; i < 500; ++i) {
        app.get("/api/v1/resource" + QByteArray::number(i), ignore);
        app.get("/api/v1/resource" + QByteArray::number(i) + "/:id", ignore);
    }
    const Router router = routerOf(m_application);
    for (int i = 0; i < 500; ++i) {
        const QByteArray path = "/api/v1/resource" + QByteArray::number(i);
        QCOMPARE(router.match("GET", path).route, 2 * i);
        const QByteArray below = path + "/7";
        QCOMPARE(router.match("GET", below).route, 2 * i + 1);
    }
}

void tst_Router::viewsPointIntoThePath()
{
    const Router router = routerOf(m_application);
    const QByteArray path = QByteArrayLiteral("/hello/bar");
    const Router::Match match = router.match("GET", path);
    QCOMPARE(match.params.size(), 1);
    QCOMPARE(match.params[0].value.data(), path.constData() + 7);
    const QByteArray &pattern = m_application.routes[size_t(match.route)].pattern;
    QCOMPARE(match.params[0].name.data(), pattern.constData() + 8);
}

void tst_Router::deepBacktracking()
{
    m_application.routes.clear();
    Application app(&m_application);
    QByteArray fixed;
    for (int depth = 0; depth < 16; ++depth) {
        app.get(fixed + "/:p" + QByteArray::number(depth) + "/end", ignore);
        fixed += "/a";
    }
    const Router router = routerOf(m_application);
    const QByteArray tooDeep = fixed + "/nowhere";
    QCOMPARE(describe(router.match("GET", tooDeep), m_application), "404");
    QCOMPARE(describe(router.match("GET", "/a/a/b/end"), m_application), "GET /a/a/:p2/end p2=b");
    QCOMPARE(describe(router.match("GET", "/a/end"), m_application), "GET /:p0/end p0=a");
}

QTEST_APPLESS_MAIN(tst_Router)
#include "tst_router.moc"
