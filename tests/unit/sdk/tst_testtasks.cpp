#include "notessupport.h"

#include <QSet>
#include <QTest>

#include <stdexcept>
#include <unordered_map>

using namespace Quern;
using namespace std::chrono_literals;
using namespace Qt::Literals::StringLiterals;

/// The queue of a TestHarness: what a test of a plugin relies on.
class tst_TestTasks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nothingRunsByItself();
    void orderOfTasks();
    void delayByTheClock();
    void triesAndBackOff();
    void optionsGoBeforeTheRegistration();
    void finishIsTold();
    void uniqueKeys();
    void eventsResume();
    void listenersMayStopAnEvent();
    void deliverAndWait();
    void largestResult();
    void tasksThatDeliverTasks();
    void timePassesTaskByTask();
    void endlessTasks();
    void whatATestTaskTells();
    void namesAsQString();
};

void tst_TestTasks::nothingRunsByItself()
{
    Notes notes;
    const Delivery delivered = notes.note(u"a"_s);
    QVERIFY(delivered.ok());
    QVERIFY(notes.seen.isEmpty());
    const QList<TestTask> waiting = notes.harness.tasks();
    QCOMPARE(waiting.size(), 1);
    QCOMPARE(waiting.first().id, *delivered);
    QCOMPARE(waiting.first().name, QByteArray("note"));
    QVERIFY(!waiting.first().isEvent);
    QCOMPARE(waiting.first().payload.value(u"name"_s).toString(), u"a"_s);
    QCOMPARE(notes.harness.runTasks(), 1);
    QCOMPARE(notes.seen, QStringList{u"a"_s});
    QVERIFY(notes.harness.tasks().isEmpty());
    QCOMPARE(notes.harness.endedTasks().size(), 1);
    QCOMPARE(notes.harness.endedTasks().first().id(), *delivered);
    QCOMPARE(notes.harness.runTasks(), 0);
}

void tst_TestTasks::orderOfTasks()
{
    Notes notes;
    notes.note(u"usual"_s);
    notes.note(u"low"_s, {.priority = 0});
    notes.note(u"high"_s, {.priority = 9});
    notes.note(u"usual too"_s);
    notes.note(u"high too"_s, {.priority = 9});
    QCOMPARE(notes.harness.runTasks(), 5);
    QCOMPARE(notes.seen, (QStringList{u"high"_s, u"high too"_s, u"usual"_s, u"usual too"_s, u"low"_s}));
}

void tst_TestTasks::delayByTheClock()
{
    Notes notes;
    notes.note(u"later"_s, {.delay = 10s});
    notes.note(u"now"_s);
    QCOMPARE(notes.harness.tasks().first().due, 10s);
    QCOMPARE(notes.harness.runTasks(), 1);
    QCOMPARE(notes.harness.runTasks(9999ms), 0);
    QCOMPARE(notes.harness.tasks().first().due, 1ms);
    QCOMPARE(notes.harness.runTasks(1ms), 1);
    QCOMPARE(notes.seen, (QStringList{u"now"_s, u"later"_s}));
}

void tst_TestTasks::triesAndBackOff()
{
    QList<int> attempts;
    Notes notes([&attempts](Application &app) {
        app.task("fail",
                 [&attempts](Task &task) -> Result<void> {
                     attempts.append(task.attempt());
                     if (task.tries() != 4)
                         throw std::runtime_error("four tries were wanted");
                     if (task.attempt() == 2)
                         throw std::runtime_error("the second");
                     return Error(Error::Unavailable, u"try %1"_s.arg(task.attempt()));
                 })
            .tries(4)
            .retryDelay(10s, 30s);
    });
    Quern::server().deliver("fail");
    QCOMPARE(notes.harness.runTasks(), 1);
    for (const auto rest : {10s, 20s, 30s}) { // doubled, up to the longest
        QCOMPARE(notes.harness.tasks().first().due, rest);
        QCOMPARE(notes.harness.runTasks(rest - 1ms), 0);
        QCOMPARE(notes.harness.runTasks(1ms), 1);
    }
    QCOMPARE(attempts, (QList<int>{1, 2, 3, 4}));
    QVERIFY(notes.harness.tasks().isEmpty());
    const TaskResult ended = notes.harness.endedTasks().first();
    QVERIFY(!ended.ok());
    QCOMPARE(ended.error().message(), u"try 4"_s);
    QCOMPARE(ended.attempts(), 4);
}

void tst_TestTasks::optionsGoBeforeTheRegistration()
{
    int runs = 0;
    Notes notes([&runs](Application &app) {
        app.task("fail",
                 [&runs](Task &) -> Result<void> {
                     ++runs;
                     return Error(Error::Unavailable, u"no"_s);
                 })
            .tries(5)
            .retryDelay(1h)
            .priority(0);
    });
    Quern::server().deliver("fail", {}, {.tries = 2, .retryDelay = 1s, .priority = 9});
    notes.note(u"behind"_s);
    QCOMPARE(notes.harness.runTasks(), 2);
    QCOMPARE(notes.harness.tasks().first().due, 1s);
    QCOMPARE(notes.harness.runTasks(1s), 1);
    QCOMPARE(runs, 2);
    QCOMPARE(notes.harness.endedTasks().size(), 2);
}

void tst_TestTasks::finishIsTold()
{
    QStringList told;
    Notes notes([&told](Application &app) {
        app.task("add",
                 [](Task &task) {
                     const QVariantMap map = task.payload().map();
                     task.setResult({{u"sum"_s, map.value(u"a"_s).toInt() + map.value(u"b"_s).toInt()}});
                 })
            .onFinish([&told](const TaskResult &result) {
                told.append(u"registered %1 %2"_s.arg(result.name()).arg(result.payload().value(u"sum"_s).toInt()));
            });
    });
    TaskOptions options;
    options.accepted = [&told](const Result<TaskId> &id) { told.append(id ? u"accepted"_s : u"refused"_s); };
    options.finished = [&told](const TaskResult &result) {
        told.append(u"delivery %1"_s.arg(result.payload().value(u"sum"_s).toInt()));
    };
    Quern::server().deliver("add", {{u"a"_s, 2}, {u"b"_s, 3}}, options);
    QVERIFY(told.isEmpty()); // never within the call
    QTRY_COMPARE(told, QStringList{u"accepted"_s});
    notes.harness.runTasks();
    QCOMPARE(told, (QStringList{u"accepted"_s, u"delivery 5"_s, u"registered add 5"_s}));
}

void tst_TestTasks::uniqueKeys()
{
    Notes notes;
    QList<Error::Code> refusals;
    const auto deliver = [&](const QString &name) {
        TaskOptions options;
        options.uniqueKey = "key";
        options.tries = 1;
        options.accepted = [&refusals](const Result<TaskId> &id) {
            if (!id)
                refusals.append(id.error().code());
        };
        notes.note(name, options);
    };
    deliver(u"first"_s);
    deliver(u"second"_s);
    QTRY_COMPARE(refusals, QList<Error::Code>{Error::Exists});
    notes.note(u"without a key"_s);
    QCOMPARE(notes.harness.runTasks(), 2);
    deliver(u"third"_s);
    QCOMPARE(refusals.size(), 1);
    QCOMPARE(notes.harness.runTasks(), 1);
    QCOMPARE(notes.seen, (QStringList{u"first"_s, u"without a key"_s, u"third"_s}));
}

void tst_TestTasks::eventsResume()
{
    QStringList heard;
    Notes notes([&heard](Application &app) {
        app.listen("paid", [&heard](const Event &event) { heard.append(u"first %1"_s.arg(event.attempt())); });
        app.listen("paid", [&heard](const Event &event) -> Result<bool> {
            heard.append(u"second %1"_s.arg(event.attempt()));
            if (event.attempt() == 1)
                return Error(Error::Unavailable, u"not yet"_s);
            return true;
        });
        app.listen("paid", [&heard](const Event &event) { heard.append(u"third %1"_s.arg(event.attempt())); });
    });
    const Delivery fired = Quern::server().fire("paid", {{u"order"_s, 1}}, {.tries = 2});
    QVERIFY(notes.harness.tasks().first().isEvent);
    QCOMPARE(notes.harness.runTasks(), 1);
    QCOMPARE(heard, (QStringList{u"first 1"_s, u"second 1"_s}));
    QCOMPARE(notes.harness.runTasks(1h), 1);
    QCOMPARE(heard, (QStringList{u"first 1"_s, u"second 1"_s, u"second 2"_s, u"third 2"_s}));
    QCOMPARE(notes.harness.endedTasks().first().id(), *fired);
    QVERIFY(notes.harness.endedTasks().first().ok());
}

void tst_TestTasks::listenersMayStopAnEvent()
{
    QStringList heard;
    Notes notes([&heard](Application &app) {
        app.listen("paid", [&heard](const Event &event) {
            heard.append(u"first"_s);
            return event.payload().value(u"goes on"_s).toBool();
        });
        app.listen("paid", [&heard](const Event &) { heard.append(u"second"_s); });
    });
    Quern::server().fire("paid");
    QCOMPARE(notes.harness.runTasks(), 1);
    QCOMPARE(heard, QStringList{u"first"_s});
    Quern::server().fire("paid", {{u"goes on"_s, true}});
    Quern::server().fire("nobody listens");
    QCOMPARE(notes.harness.runTasks(), 2);
    QCOMPARE(heard, (QStringList{u"first"_s, u"first"_s, u"second"_s}));
}

void tst_TestTasks::deliverAndWait()
{
    Notes notes;
    int told = 0;
    TaskOptions options;
    options.uniqueKey = "key";
    options.accepted = [&told](const Result<TaskId> &) { ++told; };
    const Result<TaskId> first = Quern::server().deliverAndWait("note", {{u"name"_s, u"a"_s}}, options);
    QVERIFY(first.ok());
    QCOMPARE(notes.harness.tasks().first().id, *first);
    const Result<TaskId> second = Quern::server().deliverAndWait("note", {}, options);
    QCOMPARE(second.error().code(), Error::Exists);
    QTRY_COMPARE(told, 2);
    QCOMPARE(Quern::server().deliverAndWait("nothing").error().code(), Error::NotFound);
}

void tst_TestTasks::largestResult()
{
    constexpr qsizetype largest = 64 << 20;
    Notes notes([](Application &app) {
        app.task("large",
                 [](Task &task) { task.setResult(QByteArray(largest + task.payload().value(u"n"_s).toInt(), 'x')); })
            .tries(3);
    });
    for (const int more : {0, 1})
        QVERIFY(Quern::server().deliver("large", {{u"n"_s, more}}).ok());
    QCOMPARE(notes.harness.runTasks(1h), 2);
    const QList<TaskResult> ended = notes.harness.endedTasks();
    QVERIFY(ended.at(0).ok());
    QCOMPARE(ended.at(0).payload().bytes().size(), largest);
    QCOMPARE(ended.at(1).error().code(), Error::TooLarge);
    QVERIFY2(ended.at(1).error().message().contains(
                 u"the result of task \"large\" has 67108865 bytes, and may have 67108864"),
             qPrintable(ended.at(1).error().message()));
}

void tst_TestTasks::tasksThatDeliverTasks()
{
    int runs = 0;
    Notes notes([&runs](Application &app) {
        app.task("chain", [&runs](Task &) {
            if (++runs < 3)
                Quern::server().deliver("chain", {}, {.delay = runs == 2 ? 1s : 0s});
        });
    });
    Quern::server().deliver("chain");
    QCOMPARE(notes.harness.runTasks(), 2);
    QCOMPARE(notes.harness.runTasks(1s), 1);
    QCOMPARE(runs, 3);
}

void tst_TestTasks::timePassesTaskByTask()
{
    int tries = 0;
    Notes notes([&tries](Application &app) {
        app.task("fail",
                 [&tries](Task &) -> Result<void> {
                     ++tries;
                     return Error(Error::Unavailable, u"no"_s);
                 })
            .tries(3)
            .retryDelay(10ms);
    });
    Quern::server().deliver("fail");
    notes.note(u"later"_s, {.delay = 20ms, .priority = 9});
    notes.note(u"sooner"_s, {.delay = 10ms, .priority = 1});
    QCOMPARE(notes.harness.runTasks(10s), 5);
    QCOMPARE(tries, 3);
    QCOMPARE(notes.seen, (QStringList{u"sooner"_s, u"later"_s})); // time goes before priority
    notes.note(u"after that"_s, {.delay = 1s});
    QCOMPARE(notes.harness.tasks().first().due, 1s);
}

void tst_TestTasks::endlessTasks()
{
    Notes notes([](Application &app) { app.task("again", [](Task &) { Quern::server().deliver("again"); }); });
    Quern::server().deliver("again");
    QTest::ignoreMessage(QtWarningMsg, "runTasks() has run 100000 tries, and leaves what is still due: is there a task "
                                       "that delivers itself?");
    QCOMPARE(notes.harness.runTasks(), 100'000);
    QCOMPARE(notes.harness.tasks().size(), 1);
}

void tst_TestTasks::whatATestTaskTells()
{
    Notes notes([](Application &app) { app.task("own", [](Task &) {}).tries(4).priority(7).durable(); });
    Quern::server().deliver("own");
    Quern::server().deliver("own", {}, {.tries = 2, .priority = 1, .uniqueKey = "key", .durable = false});
    notes.note(u"plain"_s);
    notes.note(u"delayed"_s, {.delay = 1s});
    const auto text = [](const TestTask &task) {
        return u"%1 %2 %3 %4 %5"_s.arg(task.priority)
            .arg(task.tries)
            .arg(task.attempts)
            .arg(QString::fromUtf8(task.uniqueKey))
            .arg(task.durable);
    };
    QStringList texts;
    for (const TestTask &task : notes.harness.tasks())
        texts.append(text(task));
    QCOMPARE(texts, (QStringList{u"7 4 0  1"_s, u"1 2 0 key 0"_s, u"5 1 0  0"_s, u"5 1 0  1"_s}));
}

void tst_TestTasks::namesAsQString()
{
    QStringList ran;
    Notes notes([&ran](Application &app) {
        app.task(u"grüße"_s, [&ran](Task &task) { ran.append(task.name()); });
        app.listen(u"ereignis"_s, [&ran](const Event &event) { ran.append(event.name()); });
        app.process(u"process"_s, [](Process &) {});
        app.cron(u"cron"_s, [&ran](CronRun &run) { ran.append(run.name()); });
        app.cron(u"other"_s, [](CronRun &) -> Result<void> { return {}; });
    });
    std::unordered_map<TaskId, int> byId;
    QSet<TaskId> ids;
    const Result<TaskId> waited = Quern::server().deliverAndWait(u"grüße"_s);
    QVERIFY(waited);
    byId[*waited] = 1;
    ids.insert(*waited);
    Quern::server().deliver(u"grüße"_s);
    Quern::server().fire(u"ereignis"_s);
    QCOMPARE(notes.harness.runTasks(), 3);
    QVERIFY(notes.harness.runCron("cron"));
    QVERIFY(Quern::server().process(u"process"_s).write("x"));
    QCOMPARE(ran, (QStringList{u"grüße"_s, u"grüße"_s, u"ereignis"_s, u"cron"_s}));
    QVERIFY(ProcessAddress::process("process", 1) == ProcessAddress::process(u"process"_s, 1));
    QCOMPARE(Quern::server().table("none").error().code(), Quern::server().table(u"none"_s).error().code());
    QCOMPARE(Quern::server().atomic("none").error().code(), Quern::server().atomic(u"none"_s).error().code());
    QVERIFY(byId.contains(*waited) && ids.contains(*waited));
    QString text;
    QDebug(&text) << *waited;
    QCOMPARE(text, u"Quern::TaskId(%1) "_s.arg(waited->value()));
}

QTEST_GUILESS_MAIN(tst_TestTasks)
#include "tst_testtasks.moc"
