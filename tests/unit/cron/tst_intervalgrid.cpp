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

using std::chrono::milliseconds;

/// From one process to the next.
class TestIntervalGrid : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theGridGoesOn_data();
    void theGridGoesOn();
    void theGridDoesNotCreep();
    void whatFallsIntoAGapIsLate_data();
    void whatFallsIntoAGapIsLate();
};

void TestIntervalGrid::theGridGoesOn_data()
{
    QTest::addColumn<MissedRuns>("missed");
    QTest::addColumn<bool>("isImmediate");
    QTest::addColumn<QString>("begun");
    QTest::addColumn<quint64>("skipped");
    // Down from 130 s to 250 s.
    QTest::newRow("skip") << MissedRuns::Skip << false << "" << quint64(2);
    QTest::newRow("once") << MissedRuns::Once << false << "180000" << quint64(1);
    QTest::newRow("catch up") << MissedRuns::CatchUp << false << "180000 240000" << quint64(0);
    QTest::newRow("immediate") << MissedRuns::Skip << true << "250000" << quint64(2);
}

void TestIntervalGrid::theGridGoesOn()
{
    QFETCH(MissedRuns, missed);
    QFETCH(bool, isImmediate);
    QFETCH(QString, begun);
    QFETCH(quint64, skipped);
    const auto before = [](milliseconds time) { return Moment{base::MonotonicTime(1000s + time), newYear + time}; };
    JobPlan plan(every(60s), {}, before(0s));
    for (const auto time : {60s, 120s}) {
        const auto run = plan.take(before(time));
        QVERIFY(run);
        plan.ended(run->number, before(time), before(time));
    }
    const JobMemory memory = plan.memory(before(130s));

    // The machine has been started anew: its monotonic clock begins there.
    const auto after = [](milliseconds time) { return Moment{base::MonotonicTime(time - 240s), newYear + time}; };
    JobSettings settings = every(60s, missed);
    settings.isImmediate = isImmediate;
    JobPlan heir(settings, memory, after(250s));
    QStringList list;
    for (const auto time : {250s, 299s, 300s, 360s}) {
        while (const auto run = heir.take(after(time))) {
            list << QString::number((run->scheduledAt - newYear).count());
            heir.ended(run->number, after(time), after(time));
        }
    }
    QCOMPARE(list.join(u' '), (begun + u" 300000 360000"_s).trimmed());
    QCOMPARE(heir.skipped(), skipped);
    // One with another interval, which is told nothing, has a grid of its own.
    JobPlan other(every(50s), {}, after(250s));
    QCOMPARE(other.next(after(250s)), std::optional(newYear + 300s));
}

/// From process to process times are told in milliseconds, and the clocks do not tick together: neither is a run
/// repeated by that, nor does the grid move away.
void TestIntervalGrid::theGridDoesNotCreep()
{
    using std::chrono::nanoseconds;
    const auto at = [](nanoseconds time) {
        return Moment{base::MonotonicTime(1000s + time), newYear + std::chrono::floor<milliseconds>(time + 618'034ns)};
    };
    JobMemory memory;
    for (int process = 0; process < 500; ++process) {
        // Each lives from the middle before a due time until that has had its run.
        const nanoseconds due = 10s * (process + 1);
        const Moment begin = at(due - 5s + process * 7'001ns);
        JobPlan plan(every(10s, MissedRuns::CatchUp), process == 0 ? JobMemory{at(0ns).wall, false} : memory, begin);
        QVERIFY2(!plan.take(begin), qPrintable(u"process %1 repeats a run"_s.arg(process)));
        const auto idle = plan.idleTime(begin);
        const nanoseconds next = begin.monotonic.time_since_epoch() + *idle - 1000s;
        QVERIFY2(std::chrono::abs(next - due) < 50ms,
                 qPrintable(u"process %1: %2 ns"_s.arg(process).arg(next.count())));
        const Moment now = at(next);
        const auto run = plan.take(now);
        QVERIFY(run);
        plan.ended(run->number, now, now);
        memory = plan.memory(now);
    }
}

void TestIntervalGrid::whatFallsIntoAGapIsLate_data()
{
    QTest::addColumn<bool>("isExpression");
    QTest::addColumn<milliseconds>("interval");
    QTest::addColumn<milliseconds>("gap");
    QTest::addColumn<bool>("isHandedOver");
    QTest::addColumn<QString>("begun");
    QTest::addColumn<quint64>("skipped");
    // The gap ends at 120.5 s, when the successor begins, in the middle of an interval of a second.
    QTest::newRow("a minute") << false << milliseconds(60s) << milliseconds(1s) << true << "120000" << quint64(0);
    QTest::newRow("expression") << true << milliseconds(60s) << milliseconds(1s) << true << "120000" << quint64(0);
    QTest::newRow("nothing was due") << false << milliseconds(60s) << 400ms << true << "" << quint64(0);
    QTest::newRow("a crash") << false << milliseconds(60s) << milliseconds(1s) << false << "" << quint64(1);
    QTest::newRow("a long gap") << false << milliseconds(60s) << milliseconds(200s) << true << "120000" << quint64(3);
    QTest::newRow("too late") << false << milliseconds(114s) << milliseconds(10s) << true << "" << quint64(1);
    QTest::newRow("late") << false << milliseconds(116s) << milliseconds(10s) << true << "116000" << quint64(0);
    QTest::newRow("short interval") << false << 300ms << milliseconds(3s) << true << "119700 120000 120300"
                                    << quint64(7);
    QTest::newRow("two seconds") << false << milliseconds(1700ms) << milliseconds(5s) << true << "115600" << quint64(2);
}

void TestIntervalGrid::whatFallsIntoAGapIsLate()
{
    QFETCH(bool, isExpression);
    QFETCH(milliseconds, interval);
    QFETCH(milliseconds, gap);
    QFETCH(bool, isHandedOver);
    QFETCH(QString, begun);
    QFETCH(quint64, skipped);
    constexpr milliseconds begin = 120'500ms;
    const JobMemory memory{newYear + begin - gap, false, newYear, isHandedOver};
    const Moment start{base::MonotonicTime(1000s + begin), newYear + begin};
    const JobSettings settings =
        isExpression ? JobSettings{.schedule = *cron::Schedule::at(u"* * * * *"_s, "UTC")} : every(interval);
    JobPlan plan(settings, memory, start);
    QStringList list;
    while (const auto run = plan.take(start)) {
        list << QString::number((run->scheduledAt - newYear).count());
        plan.ended(run->number, start, start);
    }
    QCOMPARE(list.join(u' '), begun);
    QCOMPARE(plan.skipped(), skipped);
    // One that is paused is not late.
    JobMemory paused = memory;
    paused.isPaused = true;
    JobPlan resting(settings, paused, start);
    resting.resume(start);
    QVERIFY(!resting.take(start));
}

QTEST_APPLESS_MAIN(TestIntervalGrid)
#include "tst_intervalgrid.moc"
