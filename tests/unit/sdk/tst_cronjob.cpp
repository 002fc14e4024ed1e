#include "harnesssupport.h"

#include <Quern/server.h>

#include <QTest>

#include <stdexcept>

using namespace std::chrono_literals;
using namespace Qt::Literals::StringLiterals;
using namespace Quern;

/// Cron jobs as their author registers and tests them.
class TestCronJob : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void runsWhatIsRegistered();
    void outcomes_data();
    void outcomes();
    void refusals_data();
    void refusals();
    void isOverAfterInstall();
};

void TestCronJob::runsWhatIsRegistered()
{
    QStringList seen;
    const QDateTime begin = QDateTime::currentDateTimeUtc();
    ::Server server([&seen, begin](Application &app) {
        app.cron("cleanup",
                 [&seen, begin](CronRun &run) {
                     seen += run.name() + u' ' + run.parameters().value(u"days"_s).toString() + u' ' +
                             QString::number(run.number());
                     if (run.scheduledAt() < begin.addMSecs(-1000) || run.scheduledAt() > begin.addSecs(60) ||
                         run.isStopRequested())
                         seen += u"wrong"_s;
                 })
            .at("0 3 * * *", "Europe/Berlin")
            .immediate()
            .overlap()
            .missed(MissedRuns::Once)
            .timeout(5s);
        app.cron("tick",
                 [&seen](CronRun &run) -> Result<void> {
                     seen += u"tick %1 %2"_s.arg(run.number()).arg(Quern::server().self().toString());
                     run.stop();
                     return {};
                 })
            .every(10ms);
    });
    QVERIFY2(server.harness.installed().ok(), "install() threw");
    QVERIFY(server.harness.runCron("cleanup", {{u"days"_s, 7}}));
    QVERIFY(server.harness.runCron("cleanup"));
    QVERIFY(server.harness.runCron("tick"));
    QCOMPARE(seen, (QStringList{u"cleanup 7 1"_s, u"cleanup  2"_s, u"tick 1 timer"_s})); // each counts for itself
    const Result<void> stopped = server.harness.runCron("tick");
    QVERIFY(!stopped);
    QCOMPARE(stopped.error().code(), Error::Unavailable);
    QVERIFY(stopped.error().message().startsWith(u"cron job tick has called CronRun::stop(): "_s));
    QCOMPARE(seen.size(), 3);
    QVERIFY(server.harness.runCron("cleanup"));
}

void TestCronJob::outcomes_data()
{
    QTest::addColumn<QString>("job");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("message");
    QTest::newRow("an error") << "full" << int(Error::Io) << "the disk is full";
    QTest::newRow("an exception") << "throws" << int(Error::Internal) << "cron job throws: out of paper";
    QTest::newRow("too slow") << "slow" << int(Error::Timeout)
                              << "cron job slow did not return within 20 ms: let it look at "
                                 "CronRun::isStopRequested(), or allow more by setDeadline()";
    QTest::newRow("none") << "tock" << int(Error::NotFound)
                          << "no cron job \"tock\" is registered: call app.cron(\"tock\", …) in install()";
}

void TestCronJob::outcomes()
{
    QFETCH(QString, job);
    QFETCH(int, code);
    QFETCH(QString, message);
    ::Server server([](Application &app) {
        app.cron("full", [](CronRun &) -> Result<void> { return Error(Error::Io, u"the disk is full"_s); });
        app.cron("throws", [](CronRun &) { throw std::runtime_error("out of paper"); });
        app.cron("slow", [](CronRun &run) {
            while (!run.isStopRequested())
                QThread::yieldCurrentThread();
        });
    });
    server.harness.setDeadline(20ms);
    const Result<void> result = server.harness.runCron(job.toUtf8());
    QVERIFY(!result);
    QCOMPARE(int(result.error().code()), code);
    QCOMPARE(result.error().message(), message);
}

void TestCronJob::refusals_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("message");
    QTest::newRow("a name with a blank")
        << 0
        << "the name \"a b\" that is given to cron() cannot stand in the settings: use letters, digits, '_' and '-'";
    QTest::newRow("a long name") << 1 << "at most 64 letters, digits, '_' and '-'";
    QTest::newRow("a name that is taken") << 2 << "cron job \"a\" of plugin \"Plugin\" has the name of one of plugin";
    QTest::newRow("no handler") << 3 << "cron job \"a\" has an empty handler";
    QTest::newRow("no interval") << 4 << "cron job \"a\" has an interval of 0 ms: give every() from 1 ms to 24 days";
    QTest::newRow("a long interval") << 5 << "has an interval of 2160000000 ms";
    QTest::newRow("an interval behind an expression") << 6 << "has a cron expression already: remove every() or at()";
    QTest::newRow("an expression behind an interval") << 7 << "has an interval already: remove every() or at()";
    QTest::newRow("an empty expression") << 8 << "has an empty cron expression";
    QTest::newRow("too much overlap") << 9 << "is to overlap 65 times: give overlap() a number from 1 to 64";
    QTest::newRow("a negative timeout") << 10 << "has a negative timeout";
}

void TestCronJob::refusals()
{
    QFETCH(int, kind);
    QFETCH(QString, message);
    ::Server server([kind](Application &app) {
        const auto nothing = [](CronRun &) {};
        switch (kind) {
        case 0:
            app.cron("a b", nothing);
            break;
        case 1:
            app.cron(QByteArray(65, 'a'), nothing);
            break;
        case 2:
            app.cron("a", nothing);
            app.cron("a", nothing);
            break;
        case 3:
            app.cron("a", CronHandler());
            break;
        case 4:
            app.cron("a", nothing).every(0ms);
            break;
        case 5:
            app.cron("a", nothing).every(std::chrono::hours(24 * 25));
            break;
        case 6:
            app.cron("a", nothing).at("@daily").every(5ms);
            break;
        case 7:
            app.cron("a", nothing).every(5ms).at("@daily");
            break;
        case 8:
            app.cron("a", nothing).at("");
            break;
        case 9:
            app.cron("a", nothing).overlap(65);
            break;
        default:
            app.cron("a", nothing).timeout(-1ms);
            break;
        }
    });
    QVERIFY(!server.harness.installed());
    QVERIFY2(server.harness.installed().error().message().contains(message),
             qPrintable(server.harness.installed().error().message()));
    QVERIFY(!server.harness.runCron("a"));
}

void TestCronJob::isOverAfterInstall()
{
    Application *kept = nullptr;
    std::optional<CronJob> job;
    ::Server server([&](Application &app) {
        kept = &app;
        job.emplace(app.cron("a", [](CronRun &) {}));
    });
    QVERIFY_THROWS_EXCEPTION(std::logic_error, kept->cron("b", [](CronRun &) {}));
    QVERIFY_THROWS_EXCEPTION(std::logic_error, job->every(5ms));
    QVERIFY_THROWS_EXCEPTION(std::logic_error, job->at("@daily"));
    QVERIFY_THROWS_EXCEPTION(std::logic_error, job->immediate());
    QVERIFY_THROWS_EXCEPTION(std::logic_error, job->overlap(2));
    QVERIFY_THROWS_EXCEPTION(std::logic_error, job->missed(MissedRuns::Once));
    QVERIFY_THROWS_EXCEPTION(std::logic_error, job->timeout(5ms));
}

QTEST_GUILESS_MAIN(TestCronJob)
#include "tst_cronjob.moc"
