#include "worker/cronjobs.h"

#include <QTest>

using namespace std::chrono_literals;
using namespace Qt::Literals::StringLiterals;
using namespace Quern;
using cron::Job;
using ipc::CronEntry;

namespace {

/// What a plugin has registered: jobs with and without a schedule.
void install(ApplicationPrivate &data)
{
    data.plugin = u"shop"_s;
    Application app(&data);
    app.cron("tick", [](CronRun &) {}).every(10ms).immediate().overlap(3).missed(MissedRuns::CatchUp).timeout(5s);
    app.cron("nightly", [](CronRun &) {}).at("0 3 * * *", "Europe/Berlin");
    app.cron("cleanup", [](CronRun &) {});
}

CronEntry entryOf(const QString &job, const QString &name = {})
{
    CronEntry entry;
    entry.job = job;
    entry.name = name.isEmpty() ? job : name;
    entry.place = u"quern.toml:3"_s;
    return entry;
}

/// "name: schedule" for each job.
QStringList textsOf(const std::vector<Job> &jobs)
{
    QStringList texts;
    for (const Job &job : jobs)
        texts += job.name + u": "_s + job.settings.schedule.text();
    return texts;
}

} // namespace

class TestCronJobs : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void thoseOfPluginsRunByThemselves();
    void entriesOverrideKeyByKey();
    void severalEntriesForOneJob();
    void disabledEntries();
    void commands();
    void refused_data();
    void refused();
    void wrongSchedulesOfPlugins();
    void whatTheHandlerSees();
};

void TestCronJobs::thoseOfPluginsRunByThemselves()
{
    ApplicationPrivate data;
    install(data);
    const auto plan = worker::cronJobs(data, {});
    QVERIFY(plan);
    QCOMPARE(textsOf(plan->jobs), (QStringList{u"tick: every 10 ms"_s, u"nightly: 0 3 * * * (Europe/Berlin)"_s}));
    const Job &tick = plan->jobs.front();
    QVERIFY(tick.settings.isImmediate);
    QCOMPARE(tick.settings.mostAtATime, 3);
    QCOMPARE(tick.settings.missed, MissedRuns::CatchUp);
    QCOMPARE(tick.timeout, 5s);
    QVERIFY(!plan->jobs.back().settings.isImmediate);
    QCOMPARE(plan->jobs.back().settings.mostAtATime, 1);
    QCOMPARE(plan->warnings,
             QStringList(u"the cron job \"cleanup\" of plugin \"shop\" has no schedule and never runs: add a [[cron]] "
                         "with job = \"cleanup\", or call every() or at() in install()"_s));
}

void TestCronJobs::entriesOverrideKeyByKey()
{
    ApplicationPrivate data;
    install(data);
    CronEntry tick = entryOf(u"tick"_s);
    tick.interval = 500;
    tick.isImmediate = false;
    tick.parameters = {{u"days"_s, 7}};
    CronEntry nightly = entryOf(u"nightly"_s);
    nightly.missed = 1;
    nightly.mostAtATime = 2;
    nightly.timeout = 100;
    CronEntry cleanup = entryOf(u"cleanup"_s);
    cleanup.expression = u"@hourly"_s;
    cleanup.timeZone = u"UTC"_s;
    const auto plan = worker::cronJobs(data, {tick, nightly, cleanup});
    QVERIFY(plan);
    QCOMPARE(textsOf(plan->jobs), (QStringList{u"tick: every 500 ms"_s, u"nightly: 0 3 * * * (Europe/Berlin)"_s,
                                               u"cleanup: @hourly (UTC)"_s}));
    QVERIFY(!plan->jobs[0].settings.isImmediate);
    QCOMPARE(plan->jobs[0].settings.mostAtATime, 3);
    QCOMPARE(plan->jobs[0].parameters, tick.parameters);
    QCOMPARE(plan->jobs[1].settings.missed, MissedRuns::Once);
    QCOMPARE(plan->jobs[1].settings.mostAtATime, 2);
    QCOMPARE(plan->jobs[1].timeout, 100ms);
    QCOMPARE(plan->warnings, QStringList());
}

void TestCronJobs::severalEntriesForOneJob()
{
    ApplicationPrivate data;
    install(data);
    const auto plan = worker::cronJobs(data, {entryOf(u"tick"_s, u"one"_s), entryOf(u"tick"_s, u"two"_s)});
    QVERIFY(plan);
    QCOMPARE(textsOf(plan->jobs),
             (QStringList{u"one: every 10 ms"_s, u"two: every 10 ms"_s, u"nightly: 0 3 * * * (Europe/Berlin)"_s}));
}

void TestCronJobs::disabledEntries()
{
    ApplicationPrivate data;
    install(data);
    CronEntry off = entryOf(u"tick"_s);
    off.isEnabled = false;
    const auto plan = worker::cronJobs(data, {off});
    QVERIFY(plan);
    QCOMPARE(textsOf(plan->jobs), QStringList(u"nightly: 0 3 * * * (Europe/Berlin)"_s));
    // What is switched off is checked all the same.
    off.job = u"tock"_s;
    QVERIFY(!worker::cronJobs(data, {off}));
}

void TestCronJobs::commands()
{
    CronEntry entry;
    entry.name = u"backup"_s;
    entry.command = QStringList{u"backup"_s, u"-v"_s};
    entry.directory = u"/srv"_s;
    entry.interval = 1000;
    const auto plan = worker::cronJobs(ApplicationPrivate(), {entry});
    QVERIFY(plan);
    const auto *command = std::get_if<cron::JobCommand>(&plan->jobs.front().work);
    QVERIFY(command);
    QCOMPARE(command->words, entry.command);
    QCOMPARE(command->directory, u"/srv"_s);
    QCOMPARE(plan->jobs.front().settings.mostAtATime, 1);
}

void TestCronJobs::refused_data()
{
    QTest::addColumn<QString>("job");
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("message");
    QTest::newRow("no such job")
        << "tock"
        << "tock"
        << "quern.toml:3: cron job \"tock\": no plugin registers the job \"tock\": call app.cron(\"tock\", …) in "
           "install(), or remove the entry";
    QTest::newRow("no schedule") << "cleanup"
                                 << "weekly"
                                 << "quern.toml:3: cron job \"weekly\": it is never due, since its plugin gives it no "
                                    "schedule; write interval = "
                                    "60000 or expression = \"0 3 * * *\"";
    QTest::newRow("the name of another")
        << "tick"
        << "nightly"
        << "cron job \"nightly\" of plugin \"shop\": another one has this name; give its [[cron]] another name";
}

void TestCronJobs::refused()
{
    QFETCH(QString, job);
    QFETCH(QString, name);
    QFETCH(QString, message);
    ApplicationPrivate data;
    install(data);
    const auto plan = worker::cronJobs(data, {entryOf(job, name)});
    QVERIFY(!plan);
    QCOMPARE(plan.error().code(), Error::Invalid);
    QCOMPARE(plan.error().message(), message);
}

void TestCronJobs::wrongSchedulesOfPlugins()
{
    ApplicationPrivate data;
    data.plugin = u"shop"_s;
    Application app(&data);
    app.cron("a", [](CronRun &) {}).at("61 * * * *");
    app.cron("b", [](CronRun &) {}).at("@daily", "Europe/Nowhere");
    const auto plan = worker::cronJobs(data, {});
    QVERIFY(!plan);
    const QStringList lines = plan.error().message().split(u'\n');
    QCOMPARE(lines.size(), 2);
    QVERIFY2(
        lines[0].startsWith(u"cron job \"a\" of plugin \"shop\": the expression \"61 * * * *\": the field \"minute\" "
                            "has \"61\""),
        qPrintable(lines[0]));
    QVERIFY2(lines[1].startsWith(u"cron job \"b\" of plugin \"shop\": there is no time zone \"Europe/Nowhere\""),
             qPrintable(lines[1]));
    // What an entry overrides need not be right.
    CronEntry a = entryOf(u"a"_s);
    a.interval = 5;
    CronEntry b = entryOf(u"b"_s);
    b.interval = 5;
    QVERIFY(worker::cronJobs(data, {a, b}));
}

void TestCronJobs::whatTheHandlerSees()
{
    ApplicationPrivate data;
    Application app(&data);
    QString seen;
    app.cron("tick", [&seen](CronRun &run) -> Result<void> {
        seen = u"%1 %2 %3 %4 %5"_s.arg(run.name(), run.parameters().value(u"x"_s).toString())
                   .arg(run.number())
                   .arg(run.scheduledAt().toString(Qt::ISODateWithMs))
                   .arg(run.isStopRequested());
        if (run.number() == 2)
            throw std::runtime_error("out of paper");
        run.stop();
        return Error(Error::Busy, u"later"_s);
    });
    CronEntry entry = entryOf(u"tick"_s, u"mine"_s);
    entry.interval = 5;
    const auto plan = worker::cronJobs(data, {entry});
    QVERIFY(plan);
    const auto &function = std::get<cron::JobFunction>(plan->jobs.front().work);
    const QVariantMap parameters = {{u"x"_s, u"y"_s}};
    cron::JobRun run{entry.name, parameters, {.number = 1, .scheduledAt = cron::WallTime(1500ms)}, [] { return true; }};
    QCOMPARE(function(run).error().message(), u"later"_s);
    QCOMPARE(seen, u"mine y 1 1970-01-01T00:00:01.500Z 1"_s);
    QVERIFY(run.stops);
    cron::JobRun second{entry.name, parameters, {.number = 2, .scheduledAt = {}}, [] { return false; }};
    QCOMPARE(function(second).error().message(), u"it threw an exception: out of paper"_s);
    QVERIFY(!second.stops);
}

QTEST_APPLESS_MAIN(TestCronJobs)
#include "tst_cronjobs.moc"
