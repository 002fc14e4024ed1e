#include "sdk/src/application_p.h"

#include <QTest>

#include <stdexcept>

using namespace Quern;

namespace {

void ignore(const Request &, Response &) {}
void pass(Request &, Response &, const Next &next)
{
    next();
}

/// What \a code is refused with; empty if it is not.
template <typename Code>
QByteArray refusal(Code code)
{
    try {
        code();
    } catch (const std::invalid_argument &refused) {
        return refused.what();
    }
    return {};
}

} // namespace

class tst_RouteGroups : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void patterns();
    void middlewareOfLaterRoutes();
    void refusedPrefixes_data();
    void refusedPrefixes();
    void patternWithoutSlashInAGroup();
    void names();
    void emptyFunctions();
    void streamBody();
    void rollBack();
};

void tst_RouteGroups::patterns()
{
    ApplicationPrivate data;
    Application app(&data);
    app.group("/api", [](RouteGroup &api) {
        api.get("", ignore);
        api.get("/", ignore);
        api.group("/users/:id", [](RouteGroup &user) {
            user.get("/posts", ignore);
            user.any("/*rest", ignore);
        });
    });
    QByteArrayList patterns;
    for (const RouteSpec &route : data.routes)
        patterns << route.method + ' ' + route.pattern;
    QCOMPARE(patterns.join(", "), QByteArray("GET /api, GET /api/, GET /api/users/:id/posts, * /api/users/:id/*rest"));
}

void tst_RouteGroups::middlewareOfLaterRoutes()
{
    ApplicationPrivate data;
    data.plugin = QStringLiteral("one");
    Application app(&data);
    app.get("/before", ignore);
    app.use(pass);
    app.get("/after", ignore);
    app.group("/g", [](RouteGroup &group) {
        group.get("/first", ignore);
        group.use(pass);
        group.get("/second", ignore).use(pass);
        group.group("/inner", [](RouteGroup &inner) { inner.get("/x", ignore); });
    });
    app.get("/last", ignore);
    Application other(&data);
    other.get("/other", ignore);
    QList<size_t> counts;
    for (const RouteSpec &route : data.routes)
        counts << route.middleware.size();
    QCOMPARE(counts, QList<size_t>({0, 1, 1, 3, 2, 1, 0}));
    QCOMPARE(data.routes[1].middleware[0], data.routes[2].middleware[0]); // one, shared
}

void tst_RouteGroups::refusedPrefixes_data()
{
    QTest::addColumn<QByteArray>("prefix");
    QTest::addColumn<QByteArray>("reason");
    QTest::newRow("empty") << QByteArray("") << QByteArray("start with '/'");
    QTest::newRow("no slash") << QByteArray("api") << QByteArray("start with '/'");
    QTest::newRow("slash alone") << QByteArray("/") << QByteArray("not to end so");
    QTest::newRow("slash at the end") << QByteArray("/api/") << QByteArray("not to end so");
    QTest::newRow("query") << QByteArray("/api?x") << QByteArray("'?'");
}

void tst_RouteGroups::refusedPrefixes()
{
    QFETCH(QByteArray, prefix);
    QFETCH(QByteArray, reason);
    ApplicationPrivate data;
    Application app(&data);
    const QByteArray text = refusal([&] { app.group(prefix, [](RouteGroup &) {}); });
    QVERIFY2(text.contains(reason), text.constData());
}

void tst_RouteGroups::patternWithoutSlashInAGroup()
{
    ApplicationPrivate data;
    Application app(&data);
    app.group("/api", [](RouteGroup &api) {
        const QByteArray text = refusal([&] { api.get("users", ignore); });
        QVERIFY2(text.contains("\"users\" does not start with '/'"), text.constData());
    });
    QVERIFY(refusal([&] { app.get("", ignore); }).contains("does not start with '/'"));
    QVERIFY(refusal([&] {
                app.group("/*rest", [](RouteGroup &group) { group.get("/x", ignore); });
            }).contains("before its end"));
    QVERIFY(data.routes.empty());
}

void tst_RouteGroups::names()
{
    ApplicationPrivate data;
    data.plugin = QStringLiteral("shop");
    Application app(&data);
    app.get("/a", ignore).name("a").name("b");
    app.get("/b", ignore).name("a");
    QCOMPARE(data.routeNamed("b"), &data.routes[0]);
    QCOMPARE(data.routeNamed("a"), &data.routes[1]);
    QCOMPARE(data.routeNamed("c"), nullptr);
    QCOMPARE(data.routeNamed(""), nullptr);
    data.plugin = QStringLiteral("blog");
    const QByteArray text = refusal([&] { app.get("/c", ignore).name("a"); });
    QVERIFY2(text.contains("GET /c") && text.contains("GET /b") && text.contains("shop") && text.contains("blog"),
             text.constData());
    QVERIFY(refusal([&] { app.get("/d", ignore).name(""); }).contains("empty name"));
}

void tst_RouteGroups::emptyFunctions()
{
    ApplicationPrivate data;
    Application app(&data);
    QVERIFY(refusal([&] { app.use(Middleware()); }).contains("empty middleware"));
    QVERIFY(refusal([&] { app.get("/", ignore).use(Middleware()); }).contains("empty middleware"));
    QVERIFY(refusal([&] { app.receivedRequest({}); }).contains("receivedRequest()"));
    QVERIFY(refusal([&] { app.generatedResponse({}); }).contains("generatedResponse()"));
    QVERIFY(refusal([&] { app.cleaner({}); }).contains("cleaner()"));
}

void tst_RouteGroups::streamBody()
{
    ApplicationPrivate data;
    Application app(&data);
    app.post("/a", ignore).streamBody().retry(false);
    app.post("/b", ignore);
    QVERIFY(data.routes[0].streamBody && !data.routes[0].retry);
    QVERIFY(!data.routes[1].streamBody);
}

void tst_RouteGroups::rollBack()
{
    ApplicationPrivate data;
    Application app(&data);
    app.get("/a", ignore).name("a");
    app.cleaner([](const Request &) {});
    const ApplicationPrivate::Mark mark = data.mark();
    app.get("/b", ignore).name("b");
    app.receivedRequest([](Request &, Response &) {});
    app.generatedResponse([](const Request &, Response &) {});
    app.cleaner([](const Request &) {});
    data.rollBack(mark);
    QCOMPARE(data.routes.size(), size_t(1));
    QCOMPARE(data.routeNamed("b"), nullptr);
    QVERIFY(data.receivedHooks.empty() && data.generatedHooks.empty());
    QCOMPARE(data.cleaners.size(), size_t(1));
    data.rollBack({});
    QVERIFY(data.routes.empty() && data.cleaners.empty());
}

QTEST_APPLESS_MAIN(tst_RouteGroups)
#include "tst_routegroups.moc"
