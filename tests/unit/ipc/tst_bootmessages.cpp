#include "ipc/messages.h"

#include <QTest>

using namespace Quern;
using ipc::BootMessage;
using ipc::HelloMessage;
using ipc::PoolSizes;
using namespace std::chrono_literals;

namespace {

/// "hey" and the like: CBOR text strings of less than 24 bytes.
QByteArray text(QByteArrayView utf8)
{
    return QByteArray(1, char(0x60 + utf8.size())).append(utf8);
}

BootMessage sampleBoot()
{
    BootMessage message;
    message.who = {ipc::ChildRole::Process, 2, QStringLiteral("mail")};
    message.generation = 300;
    message.answers = {true, true, 7, 512, {QStringLiteral("text/*")}};
    message.plugins.append({QStringLiteral("/p/a.so"),
                            {{QStringLiteral("size"), qlonglong(7)}},
                            QStringLiteral("/a.so"),
                            QStringLiteral("q.toml:9")});
    message.ports.append({QStringLiteral("tty"), BootMessage::Port::Kind::Stream, QStringLiteral("h"),
                          QStringLiteral("unix:/t"), QStringLiteral("q.toml:3"), 5, 300});
    message.tasks = {2, 3, 500ms, 20ms, 24ms, 4096, QStringLiteral("/s"), true};
    message.maxWaitTime = 20ms;
    message.plan = {2, 1, true, {{QStringLiteral("m"), QStringLiteral("h")}}};
    message.confinement = {base::Identity{33, 34, {34, 500}},
                           QStringLiteral("www"),
                           QStringLiteral("/j"),
                           027,
                           {{QStringLiteral("core"), 0}, {QStringLiteral("as"), ipc::Confinement::Limit::Unlimited}}};
    return message;
}

QByteArray goldenBoot(char version = 6)
{
    return QByteArray("\xad") + text("protocol") + version + text("role") + "\x03" + text("worker") + "\x02" +
           text("name") + text("mail") + text("generation") + QByteArray::fromHex("19012c") + text("answers") + "\xa5" +
           text("debug") + "\xf5" + text("compression") + "\xf5" + text("level") + "\x07" + text("minLength") +
           QByteArray::fromHex("190200") + text("types") + "\x81" + text("text/*") + text("plugins") + "\x81\xa4" +
           text("file") + text("/p/a.so") + text("settings") + "\xa1" + text("size") + "\x07" + text("source") +
           text("/a.so") + text("place") + text("q.toml:9") + text("ports") + "\x81\xa7" + text("name") + text("tty") +
           text("kind") + "\x01" + text("handler") + text("h") + text("address") + text("unix:/t") + text("place") +
           text("q.toml:3") + text("messageBytes") + "\x05" + text("outputBytes") + QByteArray::fromHex("19012c") +
           text("tasks") + "\xa8" + text("workers") + "\x02" + text("tries") + "\x03" + text("timeout") +
           QByteArray::fromHex("1901f4") + text("retryDelay") + "\x14" + text("retryDelayMax") +
           QByteArray::fromHex("1818") + text("spillSize") + QByteArray::fromHex("191000") + text("spillFolder") +
           text("/s") + text("allDurable") + "\xf5" + text("cron") + "\x80" + text("maxWait") + "\x14" + text("plan") +
           "\xa4" + text("workers") + "\x02" + text("taskWorkers") + "\x01" + text("hasTimer") + "\xf5" +
           text("processes") + "\x81\xaa" + text("name") + text("m") + text("handler") + text("h") + text("num") +
           "\x01" + text("pipe") + QByteArray(1, '\0') + text("pipeBuffer") + QByteArray::fromHex("1a00100000") +
           text("queue") + QByteArray(1, '\0') + text("queueCapacity") + QByteArray::fromHex("1903e8") +
           text("queueMemory") + QByteArray::fromHex("1a04000000") + text("parameters") + "\xa0" + text("place") +
           text("") + text("confinement") + "\xa5" + text("user") + "\xa3" + text("uid") + QByteArray::fromHex("1821") +
           text("gid") + QByteArray::fromHex("1822") + text("groups") + QByteArray::fromHex("8218221901f4") +
           text("name") + text("www") + text("root") + text("/j") + text("mask") + "\x17" + text("limits") +
           "\x82\xa2" + text("name") + text("core") + text("value") + QByteArray(1, '\0') + "\xa2" + text("name") +
           text("as") + text("value") + "\x20";
}

QByteArray unconfined()
{
    return QByteArray("\xa5") + text("user") + "\xf6" + text("name") + text("") + text("root") + text("") +
           text("mask") + "\xf6" + text("limits") + "\x80";
}

HelloMessage sampleHello()
{
    HelloMessage message;
    message.routes.append({"GET", "/caf\xc3\xa9/:id", true, false});
    message.routes.append({"POST", "/", false, true, QStringLiteral("welcome"), "ops"});
    message.plugins.append({QStringLiteral("welcome"), QStringLiteral("1.0")});
    message.work.append("task t");
    message.hasCron = true;
    message.hooks = 1u << quint32(ipc::Hook::WorkerStart);
    return message;
}

QByteArray goldenHello(char version = 6)
{
    return QByteArray("\xa6") + text("protocol") + version + text("routes") + "\x82\xa6" + text("method") +
           text("GET") + text("pattern") + text("/caf\xc3\xa9/:id") + text("retry") + "\xf5" + text("streamBody") +
           "\xf4" + text("plugin") + text("") + text("service") + text("") + "\xa6" + text("method") + text("POST") +
           text("pattern") + text("/") + text("retry") + "\xf4" + text("streamBody") + "\xf5" + text("plugin") +
           text("welcome") + text("service") + text("ops") + text("plugins") + "\x81\xa2" + text("name") +
           text("welcome") + text("version") + text("1.0") + text("work") + "\x81" + text("task t") + text("hasCron") +
           "\xf5" + text("hooks") + "\x08";
}

} // namespace

class TestBootMessages : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void goldenBootBytes();
    void goldenHelloBytes();
    void poolSizes();
    void bootRoundTrip();
    void settingsRoundTrip();
    void helloRoundTrip();
    void emptyMessages();
    void everyTruncationIsRefused();
    void bytesBehindTheMessage();
    void missingList();
    void otherVersion();
    void notAMap_data();
    void notAMap();
    void numbersThatAreNoIntegers();
    void whatConfinesIsNeverTakenForNothing_data();
    void whatConfinesIsNeverTakenForNothing();
    void retryIsOnByDefault();
    void routeName();
};

void TestBootMessages::goldenBootBytes()
{
    QCOMPARE(sampleBoot().encode().toHex(), goldenBoot().toHex());
}

void TestBootMessages::poolSizes()
{
    const QByteArray golden = QByteArray::fromHex("0800000003000000");
    QCOMPARE((PoolSizes{8, 3}.encode()).toHex(), golden.toHex());
    QCOMPARE(*PoolSizes::decode(golden), (PoolSizes{8, 3}));
    QVERIFY(!PoolSizes::decode(golden.first(7)));
    QVERIFY(!PoolSizes::decode(QByteArray::fromHex("08000000ffffffff")));
}

void TestBootMessages::goldenHelloBytes()
{
    QCOMPARE(sampleHello().encode().toHex(), goldenHello().toHex());
}

void TestBootMessages::bootRoundTrip()
{
    const Result<BootMessage> message = BootMessage::decode(goldenBoot());
    QVERIFY(message);
    QCOMPARE(message->who.number, 2);
    QCOMPARE(message->generation, 300);
    QCOMPARE(message->answers, sampleBoot().answers);
    QCOMPARE(message->plugins, sampleBoot().plugins);
    QCOMPARE(message->ports, sampleBoot().ports);
    QCOMPARE(message->tasks, sampleBoot().tasks);
    QCOMPARE(message->who, sampleBoot().who);
    QCOMPARE(message->maxWaitTime, 20ms);
}

void TestBootMessages::settingsRoundTrip()
{
    BootMessage boot;
    boot.plugins.append({QStringLiteral("/x"),
                         {{QStringLiteral("text"), QStringLiteral("caf\u00e9")},
                          {QStringLiteral("number"), qlonglong(-9'000'000'000)},
                          {QStringLiteral("ratio"), 0.25},
                          {QStringLiteral("flag"), true},
                          {QStringLiteral("list"), QVariantList({qlonglong(1), QStringLiteral("b")})},
                          {QStringLiteral("table"), QVariantMap({{QStringLiteral("in"), false}})}}});
    boot.plugins.append({QStringLiteral("/y"), {}});
    const Result<BootMessage> message = BootMessage::decode(boot.encode());
    QVERIFY(message);
    QCOMPARE(message->plugins, boot.plugins);
}

void TestBootMessages::helloRoundTrip()
{
    const Result<HelloMessage> message = HelloMessage::decode(goldenHello());
    QVERIFY(message);
    QCOMPARE(message->routes, sampleHello().routes);
    QCOMPARE(message->plugins, sampleHello().plugins);
}

void TestBootMessages::emptyMessages()
{
    const Result<BootMessage> boot = BootMessage::decode(BootMessage().encode());
    QVERIFY(boot);
    QVERIFY(boot->plugins.isEmpty());
    const Result<HelloMessage> hello = HelloMessage::decode(HelloMessage().encode());
    QVERIFY(hello);
    QVERIFY(hello->routes.isEmpty());
    QVERIFY(hello->plugins.isEmpty());
}

void TestBootMessages::everyTruncationIsRefused()
{
    const QByteArray boot = goldenBoot(), hello = goldenHello();
    for (qsizetype size = 0; size < boot.size(); ++size) {
        const Result<BootMessage> message = BootMessage::decode(boot.first(size));
        QVERIFY(!message);
        QCOMPARE(int(message.error().code()), int(Error::Protocol));
        QVERIFY(message.error().message().startsWith(u"malformed Boot message"));
    }
    for (qsizetype size = 0; size < hello.size(); ++size) {
        const Result<HelloMessage> message = HelloMessage::decode(hello.first(size));
        QVERIFY(!message);
        QVERIFY(message.error().message().startsWith(u"malformed Hello message"));
    }
}

void TestBootMessages::bytesBehindTheMessage()
{
    QVERIFY(!BootMessage::decode(goldenBoot() + '\0'));
    QVERIFY(!HelloMessage::decode(goldenHello() + goldenHello()));
}

void TestBootMessages::missingList()
{
    const QByteArray onlyVersion = QByteArray("\xa1") + text("protocol") + "\x06";
    const Result<BootMessage> boot = BootMessage::decode(onlyVersion);
    QVERIFY(!boot);
    QVERIFY(boot.error().message().contains(u"plugins"));
    const Result<HelloMessage> hello = HelloMessage::decode(onlyVersion);
    QVERIFY(!hello);
    QVERIFY(hello.error().message().contains(u"routes"));
}

void TestBootMessages::otherVersion()
{
    const QString expected = QStringLiteral("the other process speaks version 1 of the internal protocol, this one 6; "
                                            "install quern and quern-worker of the same version");
    const Result<BootMessage> boot = BootMessage::decode(goldenBoot(1));
    QVERIFY(!boot);
    QCOMPARE(int(boot.error().code()), int(Error::Protocol));
    QCOMPARE(boot.error().message(), expected);
    const Result<HelloMessage> hello = HelloMessage::decode(goldenHello(1));
    QVERIFY(!hello);
    QCOMPARE(hello.error().message(), expected);
    // A map that does not name its version is no message of ours either.
    QVERIFY(!HelloMessage::decode(QByteArray("\xa0")));
}

void TestBootMessages::notAMap_data()
{
    QTest::addColumn<QByteArray>("hex");
    QTest::newRow("number") << QByteArray("01");
    QTest::newRow("list") << QByteArray("80");
    QTest::newRow("text") << QByteArray("6161");
    QTest::newRow("a break outside") << QByteArray("ff");
    QTest::newRow("list longer than any memory") << QByteArray("9bffffffffffffffff");
    QTest::newRow("text longer than any memory") << QByteArray("7b7fffffffffffffff61");
}

void TestBootMessages::notAMap()
{
    QFETCH(const QByteArray, hex);
    QVERIFY(!BootMessage::decode(QByteArray::fromHex(hex)));
    QVERIFY(!HelloMessage::decode(QByteArray::fromHex(hex)));
}

void TestBootMessages::numbersThatAreNoIntegers()
{
    // 1e300 fits into no integer.
    const QByteArray huge = QByteArray::fromHex("fb7e37e43c8800759c");
    const Result<BootMessage> boot =
        BootMessage::decode(QByteArray("\xa5") + text("protocol") + "\x06" + text("worker") + huge + text("plugins") +
                            "\x80" + text("ports") + "\x80" + text("confinement") + unconfined());
    QVERIFY(boot);
    QCOMPARE(boot->who.number, 0);
    QVERIFY(!BootMessage::decode(QByteArray("\xa1") + text("protocol") + huge));
}

void TestBootMessages::whatConfinesIsNeverTakenForNothing_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("after");
    QTest::newRow("no user") << text("user") << text("uses");
    QTest::newRow("a name instead of the user") << text("user") + "\xf6" << text("user") + text("x");
    QTest::newRow("a user without ids") << text("user") + "\xf6" << text("user") + "\xa0";
    QTest::newRow("the id that means none") << text("user") + "\xf6"
                                            << text("user") + "\xa3" + text("uid") + QByteArray::fromHex("1affffffff") +
                                                   text("gid") + "\x01" + text("groups") + "\x80";
    QTest::newRow("no root") << text("root") << text("boot");
    QTest::newRow("a root that is no text") << text("root") + text("") << text("root") + "\x01";
    QTest::newRow("a mask of more bits") << text("mask") + "\xf6" << text("mask") + QByteArray::fromHex("190200");
    QTest::newRow("no limits") << text("limits") << text("timits");
    QTest::newRow("a limit without a value")
        << text("limits") + "\x80" << text("limits") + "\x81\xa1" + text("name") + text("as");
    QTest::newRow("no map") << unconfined() << QByteArray("\x80");
}

void TestBootMessages::whatConfinesIsNeverTakenForNothing()
{
    QFETCH(const QByteArray, before);
    QFETCH(const QByteArray, after);
    const auto boot = [](const QByteArray &confinement) {
        return BootMessage::decode(QByteArray("\xa4") + text("protocol") + "\x06" + text("plugins") + "\x80" +
                                   text("ports") + "\x80" + text("confinement") + confinement);
    };
    QVERIFY(boot(unconfined()));
    QVERIFY(unconfined().contains(before));
    const Result<BootMessage> message = boot(unconfined().replace(before, after));
    QVERIFY(!message);
    QCOMPARE(int(message.error().code()), int(Error::Protocol));
    QVERIFY2(message.error().message().contains(u"whom the child is to become"), qPrintable(message.error().message()));
}

void TestBootMessages::retryIsOnByDefault()
{
    const QByteArray bytes = QByteArray("\xa3") + text("protocol") + "\x06" + text("plugins") + "\x80" +
                             text("routes") + "\x81\xa2" + text("method") + text("GET") + text("pattern") + text("/");
    const Result<HelloMessage> message = HelloMessage::decode(bytes);
    QVERIFY(message);
    QCOMPARE(message->routes, QList<ipc::RouteEntry>({{"GET", "/", true}}));
}

void TestBootMessages::routeName()
{
    QCOMPARE((ipc::RouteEntry{"GET", "/a/:b", true}.name()), QByteArray("GET /a/:b"));
}

QTEST_APPLESS_MAIN(TestBootMessages)
#include "tst_bootmessages.moc"
