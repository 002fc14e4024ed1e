#include "harnesssupport.h"

#include <Quern/application.h>
#include <Quern/server.h>
#include <Quern/testharness.h>

#include <QTest>

#include <stdexcept>

using namespace Quern;
using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;

namespace {

/// What the processes of the plugin below have done.
struct Notes
{
    QStringList messages;
    std::atomic<int> reloads = 0;
    std::atomic<int> stops = 0;
};

void install(Application &app, Notes &notes)
{
    app.process("shouter",
                [](Process &process) {
                    process.write(u"%1 %2 %3 "_s.arg(process.name())
                                      .arg(process.number())
                                      .arg(process.parameters().value(u"word"_s).toString())
                                      .toUtf8());
                    while (!process.isStopRequested()) {
                        if (const auto bytes = process.read(10s))
                            process.write(bytes->toUpper());
                    }
                })
        .onReload([&notes] { ++notes.reloads; })
        .onStop([&notes] { ++notes.stops; });
    app.process("consumer", [](Process &process) {
        while (const auto item = process.pop(10s)) {
            if (item->value(u"throw"_s).toBool())
                throw std::runtime_error("on purpose");
            process.write(item->value(u"n"_s).toByteArray());
        }
    });
    app.process("sender", [](Process &) {
        server().sendMessage(ProcessAddress::worker(0), {{u"text"_s, u"from a thread"_s}});
    });
    app.onMessage([&notes](const ProcessMessage &message) {
        notes.messages.append(message.payload.value(u"text"_s).toString() + u' ' + message.from.toString());
    });
    app.onMessage([](const ProcessMessage &) { throw std::runtime_error("a handler that fails"); });
}

} // namespace

/// Custom processes and messages within a test's own process.
class TestTestProcesses : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void pipe();
    void queue();
    void anItemInTheHandOfOneThatThrows();
    void bounds();
    void reloadAndStopAreToldOnce();
    void messages();
    void whoGetsAMessage_data();
    void whoGetsAMessage();
    void refusalsAreToldLater();
    void unknownNames();
    void registration_data();
    void registration();
    void handleOutlivesTheHarness();
};

void TestTestProcesses::pipe()
{
    Notes notes;
    Plugin plugin([&](Application &app) { install(app, notes); });
    TestHarness harness(plugin);
    QVERIFY(harness.installed());
    TestProcess shouter = harness.startProcess("shouter", {{u"word"_s, u"x"_s}}, 2);
    const ProcessHandle handle = server().process("shouter", 2);
    QCOMPARE(*handle.readAndWait(5s), QByteArray("shouter 2 x "));
    QVERIFY(handle.write("hello"));
    QByteArray read;
    QVERIFY(handle.read([&read](const Result<QByteArray> &bytes) { read = bytes ? *bytes : QByteArray("error"); }));
    QTRY_COMPARE(read, QByteArray("HELLO"));
    Error::Code code = Error::Internal;
    QVERIFY(handle.read([&code](const Result<QByteArray> &bytes) { code = bytes.error().code(); }, 1ms));
    QTRY_COMPARE(code, Error::Timeout);
    QVERIFY(handle.writeAndWait("again"));
    QTRY_COMPARE(shouter.written(), QByteArray("AGAIN"));
    QVERIFY(shouter.isRunning());
    QVERIFY(shouter.stop());
    QVERIFY(!shouter.isRunning());
    QVERIFY2(shouter.problem().isNull(), qPrintable(shouter.problem()));
}

void TestTestProcesses::queue()
{
    Notes notes;
    Plugin plugin([&](Application &app) { install(app, notes); });
    TestHarness harness(plugin);
    int accepted = 0;
    const auto count = [&accepted](const Result<void> &outcome) { accepted += outcome ? 1 : 0; };
    QVERIFY(server().process("consumer").push({{u"n"_s, 1}}, count));
    QVERIFY(server().process("consumer", 1).pushAndWait({{u"n"_s, 2}}));
    QCOMPARE(accepted, 0); // never within the call
    QTRY_COMPARE(accepted, 1);
    TestProcess consumer = harness.startProcess("consumer");
    QTRY_COMPARE(consumer.written(), QByteArray("1"));
    TestProcess other = harness.startProcess("consumer", {}, 1);
    QTRY_COMPARE(other.written(), QByteArray("2"));
    QVERIFY(consumer.stop() && other.stop());
}

void TestTestProcesses::anItemInTheHandOfOneThatThrows()
{
    Notes notes;
    Plugin plugin([&](Application &app) { install(app, notes); });
    TestHarness harness(plugin);
    QVERIFY(server().process("consumer").push({{u"throw"_s, true}}));
    for (int i = 0; i < 2; ++i) {
        TestProcess consumer = harness.startProcess("consumer");
        QVERIFY(consumer.waitForEnd());
        QCOMPARE(consumer.problem(), u"process consumer threw: on purpose"_s);
    }
}

void TestTestProcesses::bounds()
{
    Notes notes;
    Plugin plugin([&](Application &app) { install(app, notes); });
    TestHarness harness(plugin);
    const ProcessHandle shouter = server().process("shouter");
    QCOMPARE(shouter.write(QByteArray((1 << 20) + 1, 'x')).error().code(), Error::TooLarge);
    QVERIFY(shouter.write(QByteArray(1 << 20, 'x')));
    QCOMPARE(shouter.write("x").error().code(), Error::Busy);
    for (int i = 0; i < 1000; ++i)
        QVERIFY(server().process("consumer").push({}));
    QCOMPARE(server().process("consumer").pushAndWait({}).error().code(), Error::Busy);
}

void TestTestProcesses::reloadAndStopAreToldOnce()
{
    Notes notes;
    Plugin plugin([&](Application &app) { install(app, notes); });
    TestHarness harness(plugin);
    TestProcess first = harness.startProcess("shouter");
    QVERIFY(first.reload());
    QVERIFY(first.stop());
    TestProcess second = harness.startProcess("shouter");
    QVERIFY(second.stop());
    QVERIFY(second.reload());
    QCOMPARE(notes.reloads.load(), 1);
    QCOMPARE(notes.stops.load(), 1);
}

void TestTestProcesses::messages()
{
    Notes notes;
    Plugin plugin([&](Application &app) { install(app, notes); });
    TestHarness harness(plugin);
    for (int i = 0; i < 2; ++i)
        QTest::ignoreMessage(QtCriticalMsg,
                             QRegularExpression(u"onMessage\\(\\) of plugin .* threw: a handler that"_s));
    QVERIFY(server().sendMessage(ProcessAddress::process(u"shouter"_s), {{u"text"_s, u"one"_s}}));
    QVERIFY(notes.messages.isEmpty());
    QTRY_COMPARE(notes.messages, QStringList(u"one worker 0"_s));
    QVERIFY(harness.startProcess("sender").waitForEnd());
    QTRY_COMPARE(notes.messages.size(), 2);
    QCOMPARE(notes.messages.at(1), u"from a thread process sender 0"_s);
    QCOMPARE(harness.sentMessages().size(), 2);
    QVERIFY(harness.sentMessages().at(1).to == ProcessAddress::worker(0));
}

void TestTestProcesses::whoGetsAMessage_data()
{
    QTest::addColumn<QString>("from");
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("number");
    QTest::addColumn<QStringList>("receivers");
    const auto row = [](const char *name, const char *from, ProcessAddress::Kind kind, int number,
                        const QStringList &receivers) {
        QTest::newRow(name) << QString::fromUtf8(from) << int(kind) << number << receivers;
    };
    using Kind = ProcessAddress::Kind;
    row("to itself by number", "worker", Kind::Worker, 0, {u"worker 0"_s});
    row("to all workers but this one", "worker", Kind::Worker, -1, {});
    row("to all workers from a task", "task", Kind::Worker, -1, {u"worker 0"_s});
    row("to all task workers but this one", "task", Kind::TaskWorker, -1, {});
    row("to all copies but this one", "talker 1", Kind::Process, -1, {u"process talker 0"_s, u"process talker 2"_s});
    row("to one copy", "worker", Kind::Process, 7, {u"process talker 7"_s});
    row("to the timer", "worker", Kind::Timer, 0, {u"timer"_s});
    row("a worker that is not there", "worker", Kind::Worker, 77, {u"NotFound"_s});
    row("a task worker that is not there", "worker", Kind::TaskWorker, 1, {u"NotFound"_s});
    row("a number that is none", "worker", Kind::Worker, -2, {u"NotFound"_s});
}

void TestTestProcesses::whoGetsAMessage()
{
    QFETCH(const QString, from);
    QFETCH(const int, kind);
    QFETCH(const int, number);
    QFETCH(const QStringList, receivers);
    const bool isProcess = kind == int(ProcessAddress::Kind::Process);
    const ProcessAddress to{ProcessAddress::Kind(kind), number, isProcess ? u"talker"_s : QString()};
    QStringList got;
    std::atomic<bool> isRefused = false;
    const auto send = [&] {
        const Result<void> sent = server().sendMessage(to, {});
        isRefused = !sent.ok();
    };
    Plugin plugin([&](Application &app) {
        app.task("send", [send](Task &) { send(); });
        app.cron("none", [](CronRun &) {});
        app.process("talker", [&](Process &process) {
            if (from == u"talker %1"_s.arg(process.number()) && process.parameters().contains(u"send"_s))
                send();
            process.waitForStop(1h);
        });
        app.onMessage([&](const ProcessMessage &) { got.append(server().self().toString()); });
    });
    TestHarness harness(plugin);
    if (from == u"task"_s) {
        server().deliver("send");
        harness.runTasks();
    } else if (from == u"worker"_s) {
        send();
    } else {
        harness.startProcess("talker", {}, 0);
        harness.startProcess("talker", {}, 2);
        harness.startProcess("talker", {{u"send"_s, true}}, 1);
        QTRY_COMPARE(harness.sentMessages().size(), 1);
    }
    QCoreApplication::processEvents();
    if (receivers == QStringList(u"NotFound"_s))
        QVERIFY(isRefused);
    else
        QTRY_COMPARE(got, receivers);
    QCOMPARE(harness.sentMessages().size(), isRefused ? 0 : 1);
    if (kind == int(ProcessAddress::Kind::Timer)) { // without cron jobs there is none
        Plugin other([](Application &app) { app.onMessage([](const ProcessMessage &) {}); });
        const TestHarness without(other);
        QCOMPARE(server().sendMessage(to, {}).error().code(), Error::NotFound);
    }
}

void TestTestProcesses::refusalsAreToldLater()
{
    QTest::failOnWarning(QRegularExpression(u"refused"_s));
    Plugin plugin([](Application &) {});
    TestHarness harness(plugin);
    QList<Error::Code> told;
    const auto hear = [&told](const auto &outcome) {
        told.append(outcome.error().code());
        throw std::runtime_error("who hears fails");
    };
    const ProcessHandle nobody = server().process("nobody");
    nobody.push({}, hear);
    nobody.write("x", hear);
    nobody.read(hear);
    QVERIFY(told.isEmpty());
    for (int i = 0; i < 3; ++i)
        QTest::ignoreMessage(QtCriticalMsg, "what was to hear of a process's pipe or queue threw: who hears fails");
    QTRY_COMPARE(told, (QList<Error::Code>{Error::NotFound, Error::NotFound, Error::NotFound}));
}

void TestTestProcesses::unknownNames()
{
    Notes notes;
    Plugin plugin([&](Application &app) { install(app, notes); });
    {
        TestHarness harness(plugin);
        TestProcess nobody = harness.startProcess("nobody");
        QVERIFY(!nobody.isRunning());
        QVERIFY(!nobody.problem().isNull());
        QCOMPARE(server().process("nobody").write("x").error().code(), Error::NotFound);
        QCOMPARE(server().sendMessage(ProcessAddress::process(u"nobody"_s), {}).error().code(), Error::NotFound);
        QCOMPARE(server().sendMessage({}, {}).error().code(), Error::NotFound);
        QVERIFY(server().self() == ProcessAddress::worker(0));
    }
    QCOMPARE(server().process("shouter").write("x").error().code(), Error::Unavailable);
    QVERIFY(server().self() == ProcessAddress());
}

void TestTestProcesses::registration_data()
{
    QTest::addColumn<QString>("problem");
    QTest::newRow("twice") << u"has the name of one of plugin"_s;
    QTest::newRow("no name") << u"has a name that is not possible"_s;
    QTest::newRow("empty function") << u"has an empty function"_s;
    QTest::newRow("empty onStop()") << u"is given an empty function in onStop()"_s;
    QTest::newRow("two onStop()") << u"has an onStop() already"_s;
    QTest::newRow("empty onMessage()") << u"is given an empty function"_s;
}

void TestTestProcesses::registration()
{
    QFETCH(const QString, problem);
    const QByteArray which = QTest::currentDataTag();
    Plugin plugin([&which](Application &app) {
        const auto nothing = [](Process &) {};
        ProcessHandler added = app.process("one", nothing);
        if (which == "twice")
            app.process("one", nothing);
        else if (which == "no name")
            app.process("", nothing);
        else if (which == "empty function")
            app.process("two", {});
        else if (which == "empty onStop()")
            added.onStop({});
        else if (which == "two onStop()")
            added.onStop([] {}).onStop([] {});
        else
            app.onMessage({});
    });
    const TestHarness harness(plugin);
    QVERIFY(!harness.installed());
    QVERIFY2(harness.installed().error().message().contains(problem),
             qPrintable(harness.installed().error().message()));
}

void TestTestProcesses::handleOutlivesTheHarness()
{
    Notes notes;
    Plugin plugin([&](Application &app) { install(app, notes); });
    auto harness = std::make_unique<TestHarness>(plugin);
    TestProcess shouter = harness->startProcess("shouter");
    QTRY_VERIFY(shouter.isRunning());
    harness.reset();
    QVERIFY(!shouter.isRunning());
    QVERIFY(shouter.stop());
    QCOMPARE(notes.stops.load(), 0);
}

QTEST_GUILESS_MAIN(TestTestProcesses)
#include "tst_testprocesses.moc"
