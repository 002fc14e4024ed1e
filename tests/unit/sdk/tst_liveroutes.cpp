#include "sdk/src/application_p.h"
#include "sdk/src/router_p.h"
#include "sdk/src/server_p.h"

#include <QDebug>
#include <QTest>

#include <functional>
#include <stdexcept>

using Registration = std::function<void(Quern::Application &)>;
Q_DECLARE_METATYPE(Registration)

using namespace Quern;

namespace {

const auto onConnection = [](const Connection &) {};

/// What the application says against it; empty if it takes it.
template <typename Refusal>
QByteArray refusal(const Registration &call, Application &app)
{
    try {
        call(app);
    } catch (const Refusal &refused) {
        return refused.what();
    }
    return {};
}

} // namespace

/// What is registered for WebSocket and socket connections, and for ports of their own.
class TestLiveRoutes : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void refused_data();
    void refused();
    void taken();
    void afterInstall_data();
    void afterInstall();
    void manifest();
    void servicesAreApart();
    void routerKnowsWebSockets();
    void connectionIds_data();
    void connectionIds();
    void datagramPeers();
};

void TestLiveRoutes::refused_data()
{
    QTest::addColumn<Registration>("call");
    QTest::addColumn<QByteArray>("text");
    const auto row = [](const char *name, const Registration &call, const char *text) {
        QTest::newRow(name) << call << QByteArray(text);
    };
    row(
        "malformed pattern", [](Application &app) { app.webSocket("live"); },
        "route pattern \"live\" does not start with '/'");
    row(
        "same pattern", [](Application &app) { app.webSocket("/a/:x"), app.webSocket("/a/:y"); },
        "matches the same requests as \"WEBSOCKET /a/:x\"");
    row(
        "empty function", [](Application &app) { app.webSocket("/a").onMessage({}); },
        "an empty function is given to onMessage() of route \"WEBSOCKET /a\"");
    row(
        "second function",
        [](Application &app) { app.webSocket("/a").onBufferFull(onConnection).onBufferFull(onConnection); },
        "route \"WEBSOCKET /a\" is given onBufferFull() a second time: keep one of the two");
    row(
        "second handshake",
        [](Application &app) {
            const auto handshake = [](const Request &, Response &) {};
            app.webSocket("/a").onHandshake(handshake).onHandshake(handshake);
        },
        "is given onHandshake() a second time");
    row(
        "subprotocol that is no token",
        [](Application &app) {
            app.webSocket("/a").subprotocols({"a", "b c"});
        },
        "subprotocol \"b c\" of route \"WEBSOCKET /a\" is no token");
    row(
        "subprotocol twice",
        [](Application &app) {
            app.webSocket("/a").subprotocols({"a", "b", "a"});
        },
        "subprotocol \"a\" of route \"WEBSOCKET /a\" stands there twice");
    row(
        "subprotocols that are not named", [](Application &app) { app.webSocket("/a").requireSubprotocol(); },
        "requireSubprotocol() of route \"WEBSOCKET /a\" would refuse everybody: name what it speaks by subprotocols()");
    row(
        "empty middleware", [](Application &app) { app.webSocket("/a").use({}); }, "empty middleware");
    row(
        "empty name", [](Application &app) { app.webSocket("/a").name({}); }, "empty name");
    row(
        "name of a GET route",
        [](Application &app) {
            app.get("/b", [](const Request &, Response &) {}).name("x");
            app.webSocket("/a").name("x");
        },
        "has the name \"x\" of \"GET /b\"");
    row(
        "method that means WebSocket",
        [](Application &app) { app.route("WEBSOCKET", "/a", [](const Request &, Response &) {}); }, "501");
    row(
        "method that means a socket",
        [](Application &app) { app.route("SOCKET", "/a", [](const Request &, Response &) {}); }, "501");
    for (const char *name : {"", "a b", "a.b", "a\"", "\xc3\xa9"}) {
        row(
            QByteArray("socket \"") + name + '"', [name](Application &app) { app.socket(name); },
            "that is given to socket() cannot stand in the settings");
        row(
            QByteArray("port \"") + name + '"', [name](Application &app) { app.port(name, [](RouteGroup &) {}); },
            "that is given to port() cannot stand in the settings");
    }
    row(
        "socket twice", [](Application &app) { app.socket("telnet"), app.socket("telnet"); },
        "socket handler \"telnet\" of plugin \"shop\" has the name of one of plugin \"shop\"");
    row(
        "empty function of a socket", [](Application &app) { app.socket("s").onPacket({}); },
        "an empty function is given to onPacket() of socket handler \"s\"");
    row(
        "second function of a socket",
        [](Application &app) { app.socket("s").onConnect(onConnection).onConnect(onConnection); },
        "socket handler \"s\" is given onConnect() a second time");
}

void TestLiveRoutes::refused()
{
    QFETCH(Registration, call);
    QFETCH(QByteArray, text);
    ApplicationPrivate data;
    data.plugin = QStringLiteral("shop");
    Application app(&data);
    const QByteArray said = refusal<std::invalid_argument>(call, app);
    QVERIFY2(said.contains(text), said);
}

void TestLiveRoutes::taken()
{
    // These stand beside each other.
    ApplicationPrivate data;
    Application app(&data);
    const Handler ignore = [](const Request &, Response &) {};
    const Registration all = [&](Application &application) {
        application.get("/a", ignore);
        application.webSocket("/a");
        application.any("/a", ignore);
        application.port("ops", [&](RouteGroup &ops) {
            ops.get("/a", ignore);
            ops.webSocket("/a");
        });
        application.socket("ops");
        application.socket("A-b_9");
    };
    QCOMPARE(refusal<std::invalid_argument>(all, app), QByteArray());
    QCOMPARE(data.routes.size(), std::size_t(7));
}

void TestLiveRoutes::afterInstall_data()
{
    QTest::addColumn<Registration>("call");
    QTest::addColumn<QByteArray>("text");
    const auto row = [](const char *name, const Registration &call, const char *text) {
        QTest::newRow(name) << call << QByteArray(text);
    };
    row(
        "webSocket", [](Application &app) { app.webSocket("/b"); }, "route \"WEBSOCKET /b\"");
    row(
        "socket", [](Application &app) { app.socket("b"); }, "socket handler \"b\"");
    row(
        "port", [](Application &app) { app.port("b", [](RouteGroup &) {}); }, "port()");
}

void TestLiveRoutes::afterInstall()
{
    QFETCH(Registration, call);
    QFETCH(QByteArray, text);
    ApplicationPrivate data;
    Application app(&data);
    WebSocketRoute route = app.webSocket("/a");
    SocketHandler socket = app.socket("a");
    data.close();
    const QByteArray said = refusal<std::logic_error>(call, app);
    QVERIFY2(said.contains(text) && said.contains("after install()"), said);
    QVERIFY_THROWS_EXCEPTION(std::logic_error, route.onBufferFull(onConnection));
    QVERIFY_THROWS_EXCEPTION(std::logic_error, route.subprotocols({}));
    QVERIFY_THROWS_EXCEPTION(std::logic_error, route.requireSubprotocol());
    QVERIFY_THROWS_EXCEPTION(std::logic_error, route.name("x"));
    QVERIFY_THROWS_EXCEPTION(std::logic_error, route.use([](Request &, Response &, const Next &) {}));
    QVERIFY_THROWS_EXCEPTION(std::logic_error, socket.onConnect(onConnection));
    QCOMPARE(data.routes.size(), std::size_t(2));
}

void TestLiveRoutes::manifest()
{
    ApplicationPrivate data;
    Application app(&data);
    app.group("/chat", [](RouteGroup &chat) { chat.webSocket("/:room").name("room"); });
    app.socket("telnet").onConnect(onConnection);
    app.port("ops", [](RouteGroup &ops) {
        ops.group("/deep", [](RouteGroup &deep) { deep.get("/a", [](const Request &, Response &) {}); });
    });
    QByteArrayList lines;
    for (const RouteSpec &route : data.routes)
        lines.append(route.method + ' ' + route.pattern + ' ' + route.service);
    QCOMPARE(lines, QByteArrayList({"WEBSOCKET /chat/:room ", "SOCKET telnet telnet", "GET /deep/a ops"}));
    QCOMPARE(data.routeNamed("room"), &data.routes[0]);
    // What is rolled back is gone as a whole.
    data.rollBack({});
    QVERIFY(data.routes.empty());
}

void TestLiveRoutes::servicesAreApart()
{
    ApplicationPrivate data;
    Application app(&data);
    const RouteGroup *group = nullptr;
    app.port("ops", [&](RouteGroup &ops) { group = &ops; });
    QCOMPARE(data.serviceOf(*group), QByteArray("ops"));
    QCOMPARE(data.serviceOf(app), QByteArray());
}

void TestLiveRoutes::routerKnowsWebSockets()
{
    Router router;
    router.add("WEBSOCKET", "/live/:x");
    router.add("*", "/any");
    router.add("POST", "/live/:x", 17);
    QCOMPARE(router.match("WEBSOCKET", "/live/a").route, 0);
    QCOMPARE(router.match("WEBSOCKET", "/any").outcome, Router::Outcome::MethodNotAllowed);
    QCOMPARE(router.match("POST", "/live/a").route, 17);
    QCOMPARE(router.match("GET", "/live/a").outcome, Router::Outcome::UpgradeRequired);
    QCOMPARE(router.match("GET", "/live/").outcome, Router::Outcome::NotFound);
    QCOMPARE(router.match("PUT", "/live/a").outcome, Router::Outcome::MethodNotAllowed);
    QCOMPARE(router.match("PUT", "/live/a").allow, QByteArray("GET, OPTIONS, POST"));
}

void TestLiveRoutes::connectionIds_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<quint64>("value"); // 0: refused
    QTest::newRow("one") << QByteArray("1") << quint64(1);
    QTest::newRow("largest") << QByteArray("9223372036854775807") << quint64(9223372036854775807ULL);
    for (const char *text : {"", "0", "-1", "+1", " 1", "1 ", "01", "0x1", "9223372036854775808", "1e3", "a"})
        QTest::newRow(text) << QByteArray(text) << quint64(0);
}

void TestLiveRoutes::connectionIds()
{
    QFETCH(QByteArray, text);
    QFETCH(quint64, value);
    const Result<ConnectionId> id = ConnectionId::fromText(text);
    QCOMPARE(id.ok(), value != 0);
    if (id)
        QCOMPARE(id->value(), value);
    if (id)
        QCOMPARE(id->text(), text);
    QString log;
    QDebug(&log) << ConnectionId(value) << "says";
    QCOMPARE(log.trimmed(), QStringLiteral("%1 says").arg(value));
}

void TestLiveRoutes::datagramPeers()
{
    const Datagram datagram(1, 0,
                            QByteArrayView("\x34\x12"
                                           "10.0.0.1"),
                            "x");
    QCOMPARE(datagram.remoteAddress(), QStringLiteral("10.0.0.1"));
    QCOMPARE(datagram.remotePort(), quint16(0x1234));
    QVERIFY(datagram.canReply());
    QCOMPARE(datagram.reply("a").error().code(), Error::Unavailable); // there is no server
    const Datagram nameless(1, 0, QByteArrayView("\0\0", 2), "x");
    QVERIFY(!nameless.canReply());
    QVERIFY(nameless.remoteAddress().isEmpty());
    QVERIFY(nameless.reply("a").error().message().contains(QStringLiteral("without a name")));
    const Datagram broken(1, 0, {}, "x");
    QCOMPARE(broken.remotePort(), quint16(0));
    QVERIFY(!broken.canReply());
}

QTEST_GUILESS_MAIN(TestLiveRoutes)
#include "tst_liveroutes.moc"
