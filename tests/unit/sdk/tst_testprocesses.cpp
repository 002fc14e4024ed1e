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
        server().sendMessage(ProcessAddress::worker(1), {{u"text"_s, u"from a thread"_s}});
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
    QCOMPARE(accepted, 1);
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
    QVERIFY(harness.sentMessages().at(1).to == ProcessAddress::worker(1));
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
