#include "sdk/src/application_p.h"
#include "sdk/src/routepattern_p.h"

#include <Quern/application.h>

#include <QTest>

#include <functional>
#include <stdexcept>

Q_DECLARE_METATYPE(std::function<void(Quern::Application &, Quern::RouteGroup &, Quern::Route &)>)

using namespace Quern;

namespace {

void ignore(const Request &, Response &) {}

/// What Application says against the route; empty if it takes it.
QByteArray refusal(Application &app, const QByteArray &method, const QByteArray &pattern,
                   const Handler &handler = ignore)
{
    try {
        app.route(method, pattern, handler);
    } catch (const std::invalid_argument &refused) {
        return refused.what();
    }
    return {};
}

} // namespace

class tst_Application : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void acceptedPatterns_data();
    void acceptedPatterns();
    void refusedPatterns_data();
    void refusedPatterns();
    void methods_data();
    void methods();
    void shorthands();
    void emptyHandler();
    void collisions_data();
    void collisions();
    void collisionNamesBothPlugins();
    void refusedRouteLeavesNothing();
    void retry();
    void settingsAndWorkerId();
    void afterInstall_data();
    void afterInstall();
    void applicationsKeepTheirSettings();
};

void tst_Application::acceptedPatterns_data()
{
    QTest::addColumn<QByteArray>("pattern");
    QTest::addColumn<QByteArray>("shape");
    const auto row = [](const char *name, const char *pattern, const char *shape) {
        QTest::newRow(name) << QByteArray(pattern) << QByteArray(shape);
    };
    row("root", "/", "/");
    row("fixed", "/hello", "/hello");
    row("trailing slash", "/hello/", "/hello/");
    row("parameter", "/hello/:name", "/hello/:");
    row("parameter and slash", "/hello/:name/", "/hello/:/");
    row("two parameters", "/:a/:b", "/:/:");
    row("name with digits and marks", "/:user_id-2", "/:");
    row("colon inside a segment", "/a:b", "/a%3Ab");
    row("escaped colon", "/%3Ab", "/%3Ab");
    row("needless escape", "/%68ello", "/hello");
    row("raw UTF-8", "/caf\xc3\xa9", "/caf%C3%A9");
    row("escaped slash", "/a%2fb", "/a%2Fb");
    row("percent sign", "/100%25", "/100%25");
    row("dots", "/.../a", "/.../a");
    row("escaped star", "/%2A", "/%2A");
    row("star inside a segment", "/a*", "/a%2A");
    row("wildcard", "/files/*path", "/files/*");
    row("constraint", "/user/:id(\\d+)", "/user/:(\\d+)");
    row("constraint with groups and a class", "/:x((a|b)[)(])/c", "/:((a|b)[)(])/c");
    row("constraint with a question mark", "/:x(a?)", "/:(a?)");
}

void tst_Application::acceptedPatterns()
{
    QFETCH(QByteArray, pattern);
    QFETCH(QByteArray, shape);
    QCOMPARE(patternShape(parsePattern(pattern)), shape);
    ApplicationPrivate data;
    Application app(&data);
    QCOMPARE(refusal(app, "GET", pattern), QByteArray());
    QCOMPARE(data.routes.front().pattern, pattern);
    QCOMPARE(data.routes.front().shape, shape);
}

void tst_Application::refusedPatterns_data()
{
    QTest::addColumn<QByteArray>("pattern");
    QTest::addColumn<QByteArray>("reason");
    const auto row = [](const char *name, const QByteArray &pattern, const char *reason) {
        QTest::newRow(name) << pattern << QByteArray(reason);
    };
    row("empty", "", "does not start with '/'");
    row("no slash", "hello", "does not start with '/'");
    row("star", "*", "does not start with '/'");
    row("parameter first", ":name", "does not start with '/'");
    row("two slashes first", "//", "empty segment");
    row("two slashes", "/a//b", "empty segment");
    row("two slashes last", "/a//", "empty segment");
    row("query", "/a?b=1", "Request::query()");
    row("fragment", "/a#b", "'?' or '#'");
    row("space", "/a b", "space or a control character");
    row("tab", "/a\tb", "space or a control character");
    row("line feed", "/a\nb", "space or a control character");
    row("NUL", QByteArray("/a\0b", 4), "\"/a\\x00b\" holds a space or a control character");
    row("DEL", "/a\x7f", "space or a control character");
    row("escape cut short", "/a%2", "malformed percent-escape");
    row("escape of no digits", "/a%zz", "malformed percent-escape");
    row("lone percent sign", "/100%", "malformed percent-escape");
    row("dot segment", "/a/./b", "\".\": no request that has one is let in");
    row("two dots", "/a/..", "\"..\"");
    row("encoded dots", "/%2e%2E/b", "\"%2e%2E\"");
    row("empty name", "/a/:", "its name fills the segment");
    row("empty name inside", "/:/a", "its name fills the segment");
    row("suffix behind the name", "/:id.json", "\":id.json\"");
    row("two names in a segment", "/:a:b", "its name fills the segment");
    row("escape in the name", "/:a%20b", "its name fills the segment");
    row("wildcard without a name", "/*", "give it a name");
    row("wildcard before the end", "/*a/b", "\"*a\" before its end");
    row("wildcard before a slash", "/*a/", "\"*a\" before its end");
    row("wildcard with an odd name", "/*a.b", "give it a name");
    row("wildcard named like a parameter", "/:a/*a", "two parameters \":a\"");
    row("empty constraint", "/:a()", "empty constraint");
    row("constraint without an end", "/:a(b", "')' that closes it");
    row("constraint that is cut by an escape", "/:a(b\\)", "')' that closes it");
    row("constraint with a slash", "/:a(b/c)", "constraint with '/'");
    row("text behind a constraint", "/:a(b)c", "\":a(b)c\"");
    row("constraint without a name", "/:(b)", "its name fills the segment");
    row("bad expression", "/:a(*)",
        "\"*\", which is no regular expression: quantifier does not follow a repeatable item at its character 1");
    row("bad expression inside", "/:a(b[z-a])", "range out of order in character class at its character 5");
    row("constraint that cannot be anchored", "/:a((?x)b#)", "cannot be anchored");
    row("same name twice", "/:id/sub/:id", "two parameters \":id\"");
}

void tst_Application::refusedPatterns()
{
    QFETCH(QByteArray, pattern);
    QFETCH(QByteArray, reason);
    ApplicationPrivate data;
    Application app(&data);
    const QByteArray text = refusal(app, "GET", pattern);
    QVERIFY2(text.contains(reason), text.constData());
    QVERIFY2(text.startsWith("route pattern \"" + pattern.first(qMin(pattern.size(), qsizetype(2)))), text.constData());
    QVERIFY(data.routes.empty());
}

void tst_Application::methods_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<bool>("accepted");
    QTest::newRow("GET") << QByteArrayLiteral("GET") << true;
    QTest::newRow("with hyphen") << QByteArrayLiteral("M-SEARCH") << true;
    QTest::newRow("empty") << QByteArray() << false;
    QTest::newRow("lower case") << QByteArrayLiteral("get") << false;
    QTest::newRow("mixed case") << QByteArrayLiteral("Get") << false;
    QTest::newRow("space") << QByteArrayLiteral("GET ") << false;
    QTest::newRow("slash") << QByteArrayLiteral("GET/") << false;
    QTest::newRow("line feed") << QByteArrayLiteral("GET\n") << false;
    QTest::newRow("any") << QByteArrayLiteral("*") << true;
    QTest::newRow("unknown") << QByteArrayLiteral("BREW") << false;
    QTest::newRow("CONNECT") << QByteArrayLiteral("CONNECT") << false;
}

void tst_Application::methods()
{
    QFETCH(QByteArray, method);
    QFETCH(bool, accepted);
    ApplicationPrivate data;
    Application app(&data);
    const QByteArray text = refusal(app, method, "/a");
    QCOMPARE(text.isEmpty(), accepted);
    QVERIFY(accepted || text.contains("upper case") || text.contains("is answered 501"));
}

void tst_Application::shorthands()
{
    ApplicationPrivate data;
    Application app(&data);
    app.get("/a", ignore);
    app.post("/a", ignore);
    app.put("/a", ignore);
    app.patch("/a", ignore);
    app.del("/a", ignore);
    app.any("/a", ignore);
    QByteArrayList methods;
    for (const RouteSpec &route : data.routes)
        methods.append(route.method);
    QCOMPARE(methods, (QByteArrayList{"GET", "POST", "PUT", "PATCH", "DELETE", "*"}));
}

void tst_Application::emptyHandler()
{
    ApplicationPrivate data;
    Application app(&data);
    const QByteArray text = refusal(app, "GET", "/a", Handler());
    QVERIFY2(text.contains("GET /a") && text.contains("empty handler"), text.constData());
}

void tst_Application::collisions_data()
{
    QTest::addColumn<QByteArray>("first");
    QTest::addColumn<QByteArray>("second");
    QTest::addColumn<bool>("collide");
    const auto row = [](const char *name, const char *first, const char *second, bool collide) {
        QTest::newRow(name) << QByteArray(first) << QByteArray(second) << collide;
    };
    row("same", "/a", "/a", true);
    row("other parameter name", "/a/:x", "/a/:y", true);
    row("other parameter names inside", "/:a/b/:c", "/:c/b/:a", true);
    row("needless escape", "/hello", "/%68ello", true);
    row("letter case of escape", "/%c3%a9", "/%C3%A9", true);
    row("raw and escaped UTF-8", "/\xc3\xa9", "/%C3%A9", true);
    row("fixed beside parameter", "/a/b", "/a/:x", false);
    row("trailing slash", "/a", "/a/", false);
    row("letter case", "/a", "/A", false);
    row("escaped slash", "/a%2Fb", "/a/b", false);
    row("escaped colon beside parameter", "/%3Ax", "/:x", false);
    row("same constraint", "/:a(\\d+)", "/:b(\\d+)", true);
    row("other constraint", "/:a(\\d+)", "/:a([0-9]+)", false);
    row("constraint beside none", "/:a(\\d+)", "/:a", false);
    row("wildcards", "/*a", "/*b", true);
    row("wildcard beside parameter", "/*a", "/:a", false);
    row("wildcard beside star", "/*a", "/%2A", false);
}

void tst_Application::collisions()
{
    QFETCH(QByteArray, first);
    QFETCH(QByteArray, second);
    QFETCH(bool, collide);
    ApplicationPrivate data;
    Application app(&data);
    QCOMPARE(refusal(app, "GET", first), QByteArray());
    QCOMPARE(refusal(app, "POST", second), QByteArray());
    const QByteArray text = refusal(app, "GET", second);
    QCOMPARE(!text.isEmpty(), collide);
    QVERIFY2(!collide || (text.contains("GET " + first) && text.contains("GET " + second)), text.constData());
}

void tst_Application::collisionNamesBothPlugins()
{
    ApplicationPrivate data;
    Application app(&data);
    data.plugin = QStringLiteral("shop");
    app.get("/cart", ignore);
    data.plugin = QStringLiteral("blog");
    const QByteArray text = refusal(app, "GET", "/cart");
    QVERIFY2(text.contains("plugin \"shop\"") && text.contains("plugin \"blog\""), text.constData());
}

void tst_Application::refusedRouteLeavesNothing()
{
    ApplicationPrivate data;
    Application app(&data);
    QVERIFY(!refusal(app, "GET", "/a//b").isEmpty());
    QCOMPARE(refusal(app, "GET", "/a"), QByteArray());
    QVERIFY(!refusal(app, "GET", "/a").isEmpty());
    QCOMPARE(data.routes.size(), size_t(1));
}

void tst_Application::retry()
{
    ApplicationPrivate data;
    Application app(&data);
    Route route = app.get("/a", ignore);
    QCOMPARE(data.routes.front().retry, true);
    for (int i = 0; i < 1000; ++i)
        app.get("/more/" + QByteArray::number(i), ignore);
    route.retry(false);
    QCOMPARE(data.routes.front().retry, false);
    route.retry(false).retry(true);
    QCOMPARE(data.routes.front().retry, true);
}

void tst_Application::settingsAndWorkerId()
{
    ApplicationPrivate data;
    data.settings.insert(QStringLiteral("allow_crash"), true);
    data.workerId = 7;
    const Application app(&data);
    QCOMPARE(app.settings().value(QStringLiteral("allow_crash")).toBool(), true);
    QCOMPARE(app.workerId(), 7);
}

void tst_Application::afterInstall_data()
{
    using Call = std::function<void(Application &, RouteGroup &, Route &)>;
    QTest::addColumn<Call>("call");
    const auto row = [](const char *name, const Call &call) { QTest::newRow(name) << call; };
    const auto pass = [](Request &, Response &, const Next &next) { next(); };
    row("route", [](Application &app, RouteGroup &, Route &) { app.get("/late", ignore); });
    row("route of a group", [](Application &, RouteGroup &group, Route &) { group.del("/late", ignore); });
    row("use", [=](Application &app, RouteGroup &, Route &) { app.use(pass); });
    row("use of a group", [=](Application &, RouteGroup &group, Route &) { group.use(pass); });
    row("group", [](Application &app, RouteGroup &, Route &) { app.group("/late", [](RouteGroup &) {}); });
    row("received hook",
        [](Application &app, RouteGroup &, Route &) { app.receivedRequest([](Request &, Response &) {}); });
    row("generated hook", [](Application &app, RouteGroup &, Route &) { app.generatedResponse(ignore); });
    row("cleaner", [](Application &app, RouteGroup &, Route &) { app.cleaner([](const Request &) {}); });
    row("Route::retry", [](Application &, RouteGroup &, Route &route) { route.retry(false); });
    row("Route::name", [](Application &, RouteGroup &, Route &route) { route.name("late"); });
    row("Route::use", [=](Application &, RouteGroup &, Route &route) { route.use(pass); });
    row("Route::streamBody", [](Application &, RouteGroup &, Route &route) { route.streamBody(); });
}

void tst_Application::afterInstall()
{
    using Call = std::function<void(Application &, RouteGroup &, Route &)>;
    QFETCH(Call, call);
    ApplicationPrivate data;
    Application &app = data.open(QStringLiteral("shop"), {});
    RouteGroup *group = nullptr;
    app.group("/group", [&group](RouteGroup &kept) { group = &kept; });
    Route route = app.get("/", ignore);
    data.close();
    QByteArray problem;
    try {
        call(app, *group, route);
    } catch (const std::logic_error &error) {
        problem = error.what();
    }
    QVERIFY2(problem.contains("was called after install()") && problem.contains("call it in install()"), problem);
    QCOMPARE(data.routes.size(), size_t(1));
    QVERIFY(data.routes[0].retry && data.routes[0].name.isEmpty() && data.routes[0].middleware.empty());
}

void tst_Application::applicationsKeepTheirSettings()
{
    ApplicationPrivate data;
    const Application &first = data.open(QStringLiteral("first"), {{QStringLiteral("a"), 1}});
    data.close();
    const Application &second = data.open(QStringLiteral("second"), {});
    data.close();
    QCOMPARE(first.settings().value(QStringLiteral("a")).toInt(), 1);
    QVERIFY(second.settings().isEmpty());
}

QTEST_APPLESS_MAIN(tst_Application)
#include "tst_application.moc"
