#include "jobplansupport.h"

#include <QTest>

using namespace std::chrono_literals;
using namespace Qt::Literals::StringLiterals;
using namespace Quern;
using cron::every;
using cron::JobMemory;
using cron::JobPlan;
using cron::JobSettings;
using cron::Moment;
using cron::newYear;
using cron::Schedule;

namespace {

using std::chrono::milliseconds;

/// A plan and the clocks that it goes by. Times are since the beginning.
class Scene
{
public:
    explicit Scene(JobSettings settings, const JobMemory &memory = {}) : m_plan(std::move(settings), memory, now()) {}

    static Moment at(milliseconds time, milliseconds wallAhead = 0ms)
    {
        return {base::MonotonicTime(1000s + time), newYear + time + wallAhead};
    }
    Moment now() const { return at(m_now, m_ahead); }

    void moveTo(milliseconds time) { m_now = time; }
    void setWallClock(milliseconds by) { m_ahead += by; }

    /// The due times of the runs that begin, in ms of the wall clock, with blanks between; each lasts \a duration.
    QString runs(milliseconds duration = 0ms)
    {
        QStringList list;
        while (const auto run = m_plan.take(now())) {
            list << QString::number((run->scheduledAt - newYear).count()) + (run->isManual ? u"!"_s : QString());
            const Moment began = now();
            m_now += duration;
            m_plan.ended(run->number, began, now());
        }
        return list.join(u' ');
    }

    /// Lets the clock run up to \a until, and wakes as the plan wants it. Runs last \a duration.
    QString runsUntil(milliseconds until, milliseconds duration = 0ms)
    {
        QStringList list;
        for (;;) {
            if (const QString begun = runs(duration); !begun.isEmpty())
                list << begun;
            const auto idle = m_plan.idleTime(now());
            if (!idle || m_now + *idle > until)
                break;
            m_now += std::chrono::ceil<milliseconds>(*idle);
        }
        m_now = std::max(m_now, until);
        return list.join(u' ');
    }

    /// The run \a number, which began at \a began, ends now.
    void end(quint64 number, milliseconds began) { m_plan.ended(number, at(began, m_ahead), now()); }

    JobPlan &plan() { return m_plan; }

private:
    milliseconds m_now{0};
    milliseconds m_ahead{0};
    JobPlan m_plan;
};

JobSettings eachMinute(MissedRuns missed = MissedRuns::Skip)
{
    return {.schedule = *Schedule::at(u"* * * * *"_s, "UTC"), .missed = missed};
}

} // namespace

class TestJobPlan : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void runsOnItsGrid();
    void immediateRunsAtOnceToo();
    void anImmediateRunIsMissedWhilePaused_data();
    void anImmediateRunIsMissedWhilePaused();
    void anOverrunningJobNeverOverlaps_data();
    void anOverrunningJobNeverOverlaps();
    void overlappingIsBounded();
    void aLateCallerLosesNothing();
    void aVeryLateCallerRunsAtLeastOnce_data();
    void aVeryLateCallerRunsAtLeastOnce();
    void aRunThatEndedInTimeHasMissedNothing();
    void catchingUpIsBounded();
    void pausedRunsAreMissed_data();
    void pausedRunsAreMissed();
    void theServerWasDown_data();
    void theServerWasDown();
    void whatWaitsIsTakenAlong();
    void runNow();
    void stopAndFinish();
    void theWallClockIsSetForwards_data();
    void theWallClockIsSetForwards();
    void theWallClockIsSetBack();
    void anIntervalDoesNotCareForTheWallClock();
    void tellsTheNextRun();
};

void TestJobPlan::runsOnItsGrid()
{
    Scene scene(every(10ms));
    QCOMPARE(scene.runsUntil(45ms), u"10 20 30 40"_s);
    // Late wake-ups do not add up.
    scene.moveTo(53ms);
    QCOMPARE(scene.runs(2ms), u"50"_s);
    QCOMPARE(scene.runsUntil(80ms, 1ms), u"60 70 80"_s);
    QCOMPARE(scene.plan().skipped(), 0u);

    Scene minutes(eachMinute());
    QCOMPARE(minutes.runsUntil(180s), u"60000 120000 180000"_s);
}

void TestJobPlan::immediateRunsAtOnceToo()
{
    JobSettings settings = every(10ms);
    settings.isImmediate = true;
    Scene scene(settings);
    QCOMPARE(scene.runsUntil(20ms), u"0 10 20"_s);
}

void TestJobPlan::anImmediateRunIsMissedWhilePaused_data()
{
    QTest::addColumn<MissedRuns>("missed");
    QTest::addColumn<QString>("begun");
    QTest::addColumn<quint64>("skipped");
    QTest::newRow("skip") << MissedRuns::Skip << "" << quint64(3);
    QTest::newRow("once") << MissedRuns::Once << "0" << quint64(2);
    QTest::newRow("catch up") << MissedRuns::CatchUp << "0 10 20" << quint64(0);
}

void TestJobPlan::anImmediateRunIsMissedWhilePaused()
{
    QFETCH(MissedRuns, missed);
    QFETCH(QString, begun);
    QFETCH(quint64, skipped);
    JobSettings settings = every(10ms, missed);
    settings.isImmediate = true;
    Scene scene(settings, {std::nullopt, true});
    scene.moveTo(25ms);
    QCOMPARE(scene.runs(), QString());
    scene.plan().resume(scene.now());
    QCOMPARE(scene.runs(), begun);
    QCOMPARE(scene.plan().skipped(), skipped);
}

void TestJobPlan::anOverrunningJobNeverOverlaps_data()
{
    QTest::addColumn<MissedRuns>("missed");
    QTest::addColumn<QString>("first");
    QTest::addColumn<QString>("after");
    QTest::addColumn<quint64>("skipped");
    // It runs from 10 to 45; 20, 30 and 40 fall due meanwhile.
    QTest::newRow("skip") << MissedRuns::Skip << ""
                          << "50 60" << quint64(3);
    QTest::newRow("once") << MissedRuns::Once << "20"
                          << "50 60" << quint64(2);
    QTest::newRow("catch up") << MissedRuns::CatchUp << "20 30 40"
                              << "50 60" << quint64(0);
}

void TestJobPlan::anOverrunningJobNeverOverlaps()
{
    QFETCH(MissedRuns, missed);
    QFETCH(QString, first);
    QFETCH(QString, after);
    QFETCH(quint64, skipped);
    Scene scene(every(10ms, missed));
    scene.moveTo(10ms);
    QVERIFY(scene.plan().take(scene.now()));
    for (milliseconds time = 10ms; time < 45ms; time += 1ms) {
        scene.moveTo(time);
        QVERIFY(!scene.plan().take(scene.now()));
        QVERIFY(!scene.plan().idleTime(scene.now()));
    }
    scene.moveTo(45ms);
    scene.end(1, 10ms);
    QCOMPARE(scene.runs(), first);
    QCOMPARE(scene.runsUntil(60ms), after);
    QCOMPARE(scene.plan().skipped(), skipped);
}

void TestJobPlan::overlappingIsBounded()
{
    JobSettings settings = every(10ms);
    settings.mostAtATime = 2;
    Scene scene(settings);
    scene.moveTo(10ms);
    QVERIFY(scene.plan().take(scene.now()));
    QVERIFY(!scene.plan().take(scene.now()));
    scene.moveTo(20ms);
    const auto second = scene.plan().take(scene.now());
    QVERIFY(second);
    QCOMPARE(second->number, 2u);
    scene.moveTo(30ms);
    QVERIFY(!scene.plan().take(scene.now()));
    QCOMPARE(scene.plan().underWay(), 2);
    scene.moveTo(35ms);
    scene.end(1, 10ms);
    QVERIFY(!scene.plan().take(scene.now()));
    QCOMPARE(scene.plan().skipped(), 1u);
    scene.moveTo(40ms);
    QVERIFY(scene.plan().take(scene.now()));
}

void TestJobPlan::aLateCallerLosesNothing()
{
    Scene scene(every(10ms));
    scene.moveTo(57ms);
    // What falls due meanwhile would not have, had the first one begun in time.
    QCOMPARE(scene.runs(1ms), u"10 20 30 40 50 60"_s);
    scene.moveTo(79ms);
    QCOMPARE(scene.runs(2ms), u"70 80"_s);
    QCOMPARE(scene.plan().skipped(), 0u);
    // But a run that takes longer than the interval has missed something, however late it began.
    scene.moveTo(95ms);
    QVERIFY(scene.plan().take(scene.now()));
    scene.moveTo(107ms);
    scene.end(9, 95ms);
    QCOMPARE(scene.plan().skipped(), 1u);
    QCOMPARE(scene.runs(), QString());
    QCOMPARE(scene.runsUntil(110ms), u"110"_s);
    // Not even if what it has missed was noticed before it began.
    scene.moveTo(139ms);
    const auto late = scene.plan().take(scene.now());
    QCOMPARE(late->scheduledAt, newYear + 120ms);
    scene.moveTo(154ms);
    scene.end(late->number, 139ms); // it would have ended at 135
    QCOMPARE(scene.runs(), u"140 150"_s);
    QCOMPARE(scene.plan().skipped(), 2u);
}

void TestJobPlan::aVeryLateCallerRunsAtLeastOnce_data()
{
    QTest::addColumn<MissedRuns>("missed");
    QTest::addColumn<QString>("begun");
    QTest::newRow("skip") << MissedRuns::Skip << "60000";
    QTest::newRow("once") << MissedRuns::Once << "60000";
    QTest::newRow("catch up") << MissedRuns::CatchUp << "60000 120000";
}

void TestJobPlan::aVeryLateCallerRunsAtLeastOnce()
{
    QFETCH(MissedRuns, missed);
    QFETCH(QString, begun);
    Scene scene(eachMinute(missed));
    scene.moveTo(150s);
    QCOMPARE(scene.runs(), begun);
    QCOMPARE(scene.runsUntil(180s), u"180000"_s);
}

void TestJobPlan::aRunThatEndedInTimeHasMissedNothing()
{
    Scene scene(every(10ms));
    scene.moveTo(10ms);
    QVERIFY(scene.plan().take(scene.now()));
    // It ended at once, but that is noticed late.
    scene.moveTo(35ms);
    QVERIFY(!scene.plan().take(scene.now()));
    scene.plan().ended(1, Scene::at(10ms), Scene::at(11ms));
    QCOMPARE(scene.runs(), u"20 30"_s);
    QCOMPARE(scene.plan().skipped(), 0u);
}

void TestJobPlan::catchingUpIsBounded()
{
    Scene scene(every(10ms, MissedRuns::CatchUp));
    scene.moveTo(10ms);
    QVERIFY(scene.plan().take(scene.now()));
    scene.moveTo(24h);
    scene.end(1, 10ms);
    QCOMPARE(scene.runs().count(u' ') + 1, qsizetype(JobPlan::mostOwed));
    QCOMPARE(scene.plan().skipped(), 8'640'000u - 1 - 1000);
}

void TestJobPlan::pausedRunsAreMissed_data()
{
    QTest::addColumn<MissedRuns>("missed");
    QTest::addColumn<QString>("begun");
    QTest::addColumn<quint64>("skipped");
    QTest::newRow("skip") << MissedRuns::Skip << "" << quint64(2);
    QTest::newRow("once") << MissedRuns::Once << "10" << quint64(1);
    QTest::newRow("catch up") << MissedRuns::CatchUp << "10 20" << quint64(0);
}

void TestJobPlan::pausedRunsAreMissed()
{
    QFETCH(MissedRuns, missed);
    QFETCH(QString, begun);
    QFETCH(quint64, skipped);
    Scene scene(every(10ms, missed));
    scene.moveTo(5ms);
    scene.plan().pause(scene.now());
    QVERIFY(scene.plan().isPaused());
    QVERIFY(!scene.plan().idleTime(scene.now()));
    scene.moveTo(25ms);
    QCOMPARE(scene.runs(), QString());
    scene.plan().resume(scene.now());
    QCOMPARE(scene.runs(), begun);
    QCOMPARE(scene.runsUntil(30ms), u"30"_s);
    QCOMPARE(scene.plan().skipped(), skipped);
}

void TestJobPlan::theServerWasDown_data()
{
    QTest::addColumn<bool>("isExpression");
    QTest::addColumn<MissedRuns>("missed");
    QTest::addColumn<QString>("begun");
    // Down from -150 s to 0; the last run was at -180 s, so that -120 s, -60 s and 0 s were missed.
    for (const bool isExpression : {false, true}) {
        const char *kind = isExpression ? "expression" : "interval";
        QTest::addRow("skip, %s", kind) << isExpression << MissedRuns::Skip << "";
        QTest::addRow("once, %s", kind) << isExpression << MissedRuns::Once << "-120000";
        QTest::addRow("catch up, %s", kind) << isExpression << MissedRuns::CatchUp << "-120000 -60000 0";
    }
}

void TestJobPlan::theServerWasDown()
{
    QFETCH(bool, isExpression);
    QFETCH(MissedRuns, missed);
    QFETCH(QString, begun);
    const JobMemory memory{newYear - 180s, false};
    Scene scene(isExpression ? eachMinute(missed) : every(60s, missed), memory);
    QCOMPARE(scene.runs(), begun);
    QCOMPARE(scene.runsUntil(120s), u"60000 120000"_s);
    // One that has never run has missed nothing.
    Scene fresh(isExpression ? eachMinute(missed) : every(60s, missed));
    QCOMPARE(fresh.runs(), QString());
}

void TestJobPlan::whatWaitsIsTakenAlong()
{
    Scene scene(eachMinute(MissedRuns::CatchUp));
    scene.moveTo(60s);
    QVERIFY(scene.plan().take(scene.now()));
    scene.moveTo(200s);
    scene.end(1, 60s);
    scene.plan().pause(scene.now());
    const JobMemory memory = scene.plan().memory(scene.now());
    QVERIFY(memory.isPaused);
    QCOMPARE(memory.settledUntil, std::optional(newYear + 119'999ms));

    JobPlan heir(eachMinute(MissedRuns::CatchUp), memory, Scene::at(210s));
    QVERIFY(!heir.take(Scene::at(210s)));
    heir.resume(Scene::at(210s));
    for (const auto due : {120s, 180s}) {
        const auto run = heir.take(Scene::at(210s));
        QCOMPARE(run->scheduledAt, newYear + due);
        heir.ended(run->number, Scene::at(210s), Scene::at(210s));
    }
    QVERIFY(!heir.take(Scene::at(210s)));
    QCOMPARE(heir.memory(Scene::at(210s)).settledUntil, std::optional(newYear + 210s));
}

void TestJobPlan::runNow()
{
    Scene scene(every(10ms));
    scene.moveTo(3ms);
    QVERIFY(scene.plan().runNow(scene.now()));
    QCOMPARE(scene.plan().runNow(scene.now()).error().code(), Error::Busy);
    QCOMPARE(scene.plan().idleTime(scene.now()), std::optional<std::chrono::nanoseconds>(0ns));
    const auto run = scene.plan().take(scene.now());
    QVERIFY(run && run->isManual);
    QCOMPARE(run->scheduledAt, newYear + 3ms);
    QCOMPARE(scene.plan().runNow(scene.now()).error().code(), Error::Busy);
    scene.end(run->number, 3ms);
    QCOMPARE(scene.runsUntil(20ms), u"10 20"_s); // the grid is as it was

    scene.plan().pause(scene.now());
    QVERIFY(scene.plan().runNow(scene.now()));
    QCOMPARE(scene.runs(), u"20!"_s);
    QVERIFY(scene.plan().isPaused());
}

void TestJobPlan::stopAndFinish()
{
    Scene scene(every(10ms, MissedRuns::CatchUp));
    QCOMPARE(scene.runsUntil(20ms), u"10 20"_s);
    scene.plan().stop();
    QCOMPARE(scene.runsUntil(60ms), QString());
    QVERIFY(scene.plan().isStopped());
    QVERIFY(!scene.plan().next(scene.now()));
    QVERIFY(scene.plan().runNow(scene.now()));
    QCOMPARE(scene.runs(), u"60!"_s);
    // It asked for that: for the next process nothing is missed.
    QCOMPARE(scene.plan().memory(scene.now()).settledUntil, std::optional(newYear + 60ms));

    scene.plan().finish();
    QCOMPARE(scene.plan().runNow(scene.now()).error().code(), Error::Unavailable);
    QVERIFY(!scene.plan().take(scene.now()));
}

void TestJobPlan::theWallClockIsSetForwards_data()
{
    QTest::addColumn<MissedRuns>("missed");
    QTest::addColumn<QString>("begun");
    QTest::newRow("skip") << MissedRuns::Skip << "";
    QTest::newRow("once") << MissedRuns::Once << "60000";
    QTest::newRow("catch up") << MissedRuns::CatchUp << "60000 120000 180000";
}

void TestJobPlan::theWallClockIsSetForwards()
{
    QFETCH(MissedRuns, missed);
    QFETCH(QString, begun);
    Scene scene(eachMinute(missed));
    scene.moveTo(10s);
    scene.setWallClock(180s); // 00:03:10
    QCOMPARE(scene.runs(), begun);
    scene.moveTo(60s); // 00:04:00
    const auto run = scene.plan().take(scene.now());
    QVERIFY(run);
    QCOMPARE(run->scheduledAt, newYear + 4min);

    // Once more, while it runs.
    scene.setWallClock(180s); // 00:07:00
    scene.moveTo(62s);
    scene.end(run->number, 60s);
    QCOMPARE(scene.runs().count(u' '), begun.count(u' '));
    QCOMPARE(scene.runsUntil(121s), u"480000"_s);
}

void TestJobPlan::theWallClockIsSetBack()
{
    Scene scene(eachMinute());
    QCOMPARE(scene.runsUntil(120s), u"60000 120000"_s);
    scene.setWallClock(-90s); // 00:00:30: the minutes 1 and 2 have had their runs
    scene.moveTo(150s);
    QCOMPARE(scene.runs(), QString());
    scene.moveTo(210s);
    QCOMPARE(scene.runs(), QString());
    scene.moveTo(270s); // 00:03:00 again
    QCOMPARE(scene.runs(), u"180000"_s);

    scene.setWallClock(-5h); // by so much, the clock was wrong
    scene.moveTo(300s);
    QCOMPARE(scene.runs(), QString());
    scene.moveTo(330s); // 19:04 of the day before
    QCOMPARE(scene.runs(), QString::number((4min - 5h) / 1ms));
}

void TestJobPlan::anIntervalDoesNotCareForTheWallClock()
{
    Scene scene(every(10ms));
    QCOMPARE(scene.runsUntil(20ms), u"10 20"_s);
    scene.setWallClock(-24h);
    scene.moveTo(30ms);
    QCOMPARE(scene.runs(), QString::number((30ms - 24h) / 1ms));
    scene.setWallClock(48h);
    scene.moveTo(40ms);
    QCOMPARE(scene.runs(), QString::number((40ms + 24h) / 1ms));
}

void TestJobPlan::tellsTheNextRun()
{
    Scene scene(every(10ms));
    QCOMPARE(scene.plan().next(scene.now()), std::optional(newYear + 10ms));
    scene.moveTo(10ms);
    QVERIFY(scene.plan().take(scene.now()));
    scene.moveTo(25ms);
    scene.plan().advance(scene.now());
    QCOMPARE(scene.plan().next(scene.now()), std::optional(newYear + 30ms));
    scene.plan().pause(scene.now());
    QCOMPARE(scene.plan().next(scene.now()), std::nullopt);
}

QTEST_APPLESS_MAIN(TestJobPlan)
#include "tst_jobplan.moc"
