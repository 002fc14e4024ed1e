#include "harnesssupport.h"

#include <Quern/application.h>
#include <Quern/server.h>

#include <QJsonArray>
#include <QJsonObject>
#include <QTest>

#include <concepts>

using namespace Quern;

namespace {

/// "é" as each type that a text may have.
const QString wide = QStringLiteral("\u00e9");
const QByteArray bytes("\xc3\xa9");
const QByteArrayView view(bytes);
constexpr char literal[] = "\xc3\xa9";

/// Calls \a call with each of them.
template <typename Call>
void withEach(const Call &call)
{
    call(wide);
    call(bytes);
    call(view);
    call(literal);
    call("\xc3\xa9");
}

template <typename Text>
concept Pushes = requires(Quern::Server &to, const Connection &connection, Text text)
{
    to.push(ConnectionId(), text);
    to.broadcast(text);
    to.pushToRoom("room", text);
    to.pushToUser("user", text);
    connection.push(text);
};

template <typename Name>
concept Names = requires(Quern::Server &to, const Connection &connection, Name name)
{
    to.join(ConnectionId(), name);
    to.leave(ConnectionId(), name);
    to.bind(ConnectionId(), name);
    to.pushToRoom(name, "message");
    to.pushToUser(name, "message");
    connection.join(name);
    connection.leave(name);
    connection.bind(name);
};

template <typename Text>
constexpr bool isText = Pushes<Text> &&Names<Text>;
template <typename Text>
constexpr bool isNoText = !Pushes<Text> && !Names<Text>;

static_assert(isText<QString> && isText<const QString &> && isText<QByteArray> && isText<QByteArrayView>);
static_assert(isText<const char *> && isText<const char (&)[6]>);
static_assert(isNoText<int> && isNoText<QChar> && isNoText<QJsonObject>);
static_assert(!std::convertible_to<QString, QByteArrayView>); // else the templates would be ambiguous

} // namespace

/// QString, QByteArray, QByteArrayView and literals as messages and names.
class TestLiveTexts : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void messages();
    void names();
    void types();
    void json();
};

void TestLiveTexts::messages()
{
    ::Server live([](Application &app) { app.webSocket("/"); });
    TestSocket socket = live.harness.webSocket({});
    TestSocket other = live.harness.webSocket({});
    const Connection connection(socket.id());
    QVERIFY(connection.join("room") && connection.bind("ann"));
    qsizetype count = 0;
    withEach([&](const auto &text) {
        QVERIFY(connection.push(text));
        QVERIFY(server().push(socket.id(), text));
        QVERIFY(server().pushToRoom("room", text));
        QVERIFY(server().pushToUser("ann", text));
        QVERIFY(server().broadcast(text, MessageType::Text, {.except = other.id()}));
        count += 5;
        QCOMPARE(socket.received(), QList<TestMessage>(count, {MessageType::Text, bytes}));
    });
    QVERIFY(other.received().isEmpty());
}

void TestLiveTexts::names()
{
    ::Server live([](Application &app) { app.webSocket("/"); });
    withEach([&](const auto &name) {
        TestSocket socket = live.harness.webSocket({});
        TestSocket other = live.harness.webSocket({});
        const Connection connection(socket.id());
        QVERIFY(connection.join(name) && server().join(other.id(), name));
        QVERIFY(connection.bind(name) && server().bind(other.id(), name));
        QCOMPARE(server().info(socket.id())->user, bytes);
        QCOMPARE(server().info(other.id())->user, bytes);
        withEach([&](const auto &text) {
            QVERIFY(server().pushToRoom(name, text, MessageType::Text, other.id()));
            QVERIFY(server().pushToUser(name, text, MessageType::Text, other.id()));
        });
        QCOMPARE(socket.received(), QList<TestMessage>(10, {MessageType::Text, bytes}));
        QVERIFY(other.received().isEmpty());
        QVERIFY(connection.leave(name) && server().leave(other.id(), name));
        QVERIFY(server().pushToRoom(bytes, "nobody is there"));
        QCOMPARE(socket.received().size(), 10);
        QVERIFY(connection.bind(QString()) && server().bind(other.id(), QString()));
        QVERIFY(server().info(socket.id())->user.isEmpty());
    });
}

void TestLiveTexts::types()
{
    ::Server live([](Application &app) { app.webSocket("/"); });
    TestSocket socket = live.harness.webSocket({});
    QVERIFY(Connection(socket.id()).push(wide, MessageType::Binary));
    QVERIFY(server().push(socket.id(), wide, MessageType::Binary));
    QVERIFY(server().broadcast(wide, MessageType::Binary));
    QCOMPARE(socket.received(), QList<TestMessage>(3, {MessageType::Binary, bytes}));
    QCOMPARE(server().pushToRoom(QString(), wide).error().code(), Error::Invalid);
}

void TestLiveTexts::json()
{
    ::Server live([](Application &app) { app.webSocket("/"); });
    TestSocket socket = live.harness.webSocket({});
    const Connection connection(socket.id());
    QVERIFY(connection.push(jsonText({{"from", wide}, {"count", 3}, {"seen", nullptr}})));
    QVERIFY(server().broadcast(jsonText(QJsonObject{{QStringLiteral("a"), QJsonArray{1, wide}}})));
    QVERIFY(server().push(socket.id(), jsonText(QJsonArray{true})));
    QCOMPARE(socket.received(),
             QList<TestMessage>({{MessageType::Text, "{\"from\":\"\xc3\xa9\",\"count\":3,\"seen\":null}"},
                                 {MessageType::Text, "{\"a\":[1,\"\xc3\xa9\"]}"},
                                 {MessageType::Text, "[true]"}}));
    QCOMPARE(jsonText(QJsonObject()), QByteArray("{}"));
}

QTEST_GUILESS_MAIN(TestLiveTexts)
#include "tst_livetexts.moc"
