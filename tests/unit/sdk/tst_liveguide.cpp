// The code of resources/docs/live.md, as it stands there: what a plugin author copies must compile, and do what is
// said.
#include "guidesupport.h"

#include <Quern/application.h>
#include <Quern/handlerplugin.h>
#include <Quern/server.h>
#include <Quern/testharness.h>

#include <QTest>

using namespace Quern;

namespace {

class Chat final : public QObject, public HandlerPlugin
{
    Q_OBJECT
    Q_INTERFACES(Quern::HandlerPlugin)
public:
    void install(Application &app) override;
    static void send(ConnectionId id);

    QList<int> closed; ///< codes

private:
    static QString userOf(const QString &session) { return session == u"1" ? QStringLiteral("ann") : QString(); }
    void forget(ConnectionId, int code) { closed.append(code); }
    static void slowDown(ConnectionId id) { server().close(id); }

    bool m_ok = true;
};

// clang-format off
void Chat::install(Application &app)
{
    app.webSocket("/chat/:room")
        .subprotocols({"chat.1"})
        .use([this](Quern::Request &request, Quern::Response &response, const Quern::Next &next) {
            const QString user = userOf(request.cookie("session"));
            if (user.isEmpty()) {
                response.setStatus(401).text("log in first\n");
                return;
            }
            request.setAttribute("user", user);
            next();
        })
        .onOpen([](const Quern::Connection &connection, const Quern::Request &request) {
            connection.bind(request.attribute("user").toString().toUtf8());
            connection.join(request.param("room").toUtf8());
        })
        .onMessage([](const Quern::Connection &connection, const Quern::Message &message) {
            Quern::server().pushToRoom("lobby", connection.user() + ": " + message.toByteArray());
        })
        .onClose([this](const Quern::Connection &connection, const Quern::CloseReason &reason) {
            forget(connection.id(), reason.code);
        });

    app.socket("telnet")
        .onConnect([](const Quern::Connection &connection) { connection.send("hello\n"); })
        .onReceive([](const Quern::Connection &connection, QByteArrayView bytes) { connection.send(bytes); })
        .onPacket([](const Quern::Datagram &datagram) { datagram.reply("pong"); });

    app.port("ops", [this](Quern::RouteGroup &ops) {
        ops.get("/health", [this](const Quern::Request &, Quern::Response &response) { response.json({{"ok", m_ok}}); });
    });
}

void Chat::send(ConnectionId id)
{
    Quern::Server &server = Quern::server();
    server.pushToUser("ann", "only for ann, on all her devices");
    server.broadcast("to all WebSockets, but one", Quern::MessageType::Text, {.except = id});
    server.broadcast("to all who are connected to that port", Quern::MessageType::Text, {.port = QStringLiteral("telnet")});
    if (const auto sent = server.push(id, "hello"); !sent && sent.error().code() == Quern::Error::Busy)
        slowDown(id);
}
// clang-format on

} // namespace

class tst_LiveGuide : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void everySnippetIsHere();
    void worksAsSaid();
};

void tst_LiveGuide::everySnippetIsHere()
{
    const QStringList snippets = guide::snippets(GUIDE);
    QCOMPARE(snippets.size(), 6);
    for (const QString &snippet : snippets)
        QCOMPARE(guide::missingOf(snippet, THIS_SOURCE), QString());
}

void tst_LiveGuide::worksAsSaid()
{
    Chat chat;
    TestHarness harness(chat);
    QVERIFY2(harness.installed(),
             qPrintable(harness.installed().ok() ? QString() : harness.installed().error().message()));
    QCOMPARE(harness.webSocket({.target = "/chat/lobby"}).response().status, 401);
    // clang-format off
    Quern::TestSocket ann = harness.webSocket({.target = "/chat/lobby", .headers = {{"Cookie", "session=1"}}});
    QCOMPARE(ann.response().status, 101);
    QVERIFY(ann.send("hi"));
    QCOMPARE(ann.received().last().payload, QByteArray("ann: hi"));
    ann.close(1001);

    Quern::TestSocket telnet = harness.connectStream("telnet");
    QCOMPARE(telnet.receivedBytes(), QByteArray("hello\n"));
    QCOMPARE(harness.packet("telnet", "ping").value(), QList<QByteArray>{"pong"});

    Quern::TestSocket slow = harness.connectStream("telnet");
    slow.setReading(false);
    QByteArray megabyte(1 << 20, 'x');
    while (Quern::server().send(slow.id(), megabyte)) {} // until it is busy
    slow.setReading(true);                               // onBufferEmpty() follows
    QCOMPARE(slow.received().size(), 1 + 8);
    // clang-format on
    QCOMPARE(chat.closed, QList<int>({1001}));
    TestSocket again = harness.webSocket({.target = "/chat/lobby", .headers = {{"Cookie", "session=1"}}});
    Chat::send(again.id());
    QCOMPARE(again.received().size(), 2); // as ann, and by its number
    QVERIFY(telnet.receivedBytes().endsWith("to all who are connected to that port"));
    harness.usePort("ops");
    QCOMPARE(harness.get("/health").status, 200);
}

QTEST_GUILESS_MAIN(tst_LiveGuide)
#include "tst_liveguide.moc"
