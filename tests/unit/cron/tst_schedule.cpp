#include "cron/schedule.h"

#include <QTest>

using namespace std::chrono_literals;
using namespace Quern;
using cron::Schedule;

class TestSchedule : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void anIntervalKeepsToItsGrid();
    void dueTimesAreCounted();
    void anExpressionFollowsTheWallClock();
    void refusals_data();
    void refusals();
    void texts();
};

void TestSchedule::anIntervalKeepsToItsGrid()
{
    const Schedule schedule = *Schedule::every(10ms);
    const Schedule::Time start = 3ms;
    QCOMPARE(schedule.next(0ms, start), std::optional<Schedule::Time>(3ms));
    QCOMPARE(schedule.next(-7ms, start), std::optional<Schedule::Time>(3ms));
    QCOMPARE(schedule.next(-8ms, start), std::optional<Schedule::Time>(-7ms));
    QCOMPARE(schedule.lastOnGrid(13ms, start), Schedule::Time(13ms));
    QCOMPARE(schedule.lastOnGrid(2ms, start), Schedule::Time(-7ms));
    QCOMPARE(schedule.next(3ms, start), std::optional<Schedule::Time>(13ms));
    QCOMPARE(schedule.next(12'999'999ns, start), std::optional<Schedule::Time>(13ms));
    QCOMPARE(schedule.next(13ms, start), std::optional<Schedule::Time>(23ms));
    QCOMPARE(schedule.next(1'000'000'005ms, start), std::optional<Schedule::Time>(1'000'000'013ms));
    QVERIFY(!schedule.followsWallClock());
}

void TestSchedule::dueTimesAreCounted()
{
    const Schedule schedule = *Schedule::every(10ms);
    const Schedule::DueTimes few = schedule.between(10ms, 40ms, 0ms, 5);
    QCOMPARE(few.count, 3u);
    QCOMPARE(few.first, (std::vector<Schedule::Time>{20ms, 30ms, 40ms}));
    // A day of them costs no more.
    const Schedule::DueTimes many = schedule.between(10ms, 24h, 0ms, 2);
    QCOMPARE(many.count, 8'640'000u - 1);
    QCOMPARE(many.first, (std::vector<Schedule::Time>{20ms, 30ms}));
    QCOMPARE(schedule.between(10ms, 19ms, 0ms, 2).count, 0u);
}

void TestSchedule::anExpressionFollowsTheWallClock()
{
    const Schedule schedule = *Schedule::at(QStringLiteral("*/10 * * * * *"), "UTC");
    QVERIFY(schedule.followsWallClock());
    QCOMPARE(schedule.next(9'999ms, 0s), std::optional<Schedule::Time>(10s));
    QCOMPARE(schedule.next(10s, 0s), std::optional<Schedule::Time>(20s));
    const Schedule::DueTimes times = schedule.between(10'500ms, 40s, 0s, 2);
    QCOMPARE(times.count, 2u); // of an expression no more than was asked for
    QCOMPARE(times.first, (std::vector<Schedule::Time>{20s, 30s}));
    // In Berlin it is an hour later.
    QCOMPARE(Schedule::at(QStringLiteral("0 2 * * *"), "Europe/Berlin")->next(0s, 0s),
             std::optional<Schedule::Time>(1h));
}

void TestSchedule::refusals_data()
{
    QTest::addColumn<QString>("message");
    QTest::addColumn<qint64>("interval");
    QTest::addColumn<QString>("expression");
    QTest::addColumn<QByteArray>("zone");
    QTest::newRow("no time") << "from 1 to 2073600000 milliseconds, not 0" << qint64(0) << "" << QByteArray();
    QTest::newRow("backwards") << "not -5" << qint64(-5) << "" << QByteArray();
    QTest::newRow("over 24 days") << "not 2073600001" << qint64(2'073'600'001) << "" << QByteArray();
    QTest::newRow("no expression") << "the expression \"x\": has 1 fields" << qint64(1) << "x" << QByteArray();
    QTest::newRow("no zone") << "there is no time zone \"Europe/Nowhere\"" << qint64(1) << "@daily"
                             << QByteArray("Europe/Nowhere");
}

void TestSchedule::refusals()
{
    QFETCH(QString, message);
    QFETCH(qint64, interval);
    QFETCH(QString, expression);
    QFETCH(QByteArray, zone);
    const Result<Schedule> schedule =
        expression.isEmpty() ? Schedule::every(std::chrono::milliseconds(interval)) : Schedule::at(expression, zone);
    QVERIFY(!schedule);
    QVERIFY2(schedule.error().message().contains(message), qPrintable(schedule.error().message()));
}

void TestSchedule::texts()
{
    const std::pair<std::chrono::milliseconds, const char *> intervals[] = {
        {10ms, "every 10 ms"}, {1001ms, "every 1001 ms"}, {1s, "every 1 s"}, {90s, "every 90 s"},
        {5min, "every 5 m"},   {36h, "every 36 h"},       {24h, "every 1 d"}};
    for (const auto &[interval, text] : intervals)
        QCOMPARE(Schedule::every(interval)->text(), QString::fromLatin1(text));
    QCOMPARE(Schedule::at(QStringLiteral(" 0  3 * * * "))->text(), QStringLiteral("0 3 * * *"));
    QCOMPARE(Schedule::at(QStringLiteral("@daily"), "Asia/Tokyo")->text(), QStringLiteral("@daily (Asia/Tokyo)"));
}

QTEST_APPLESS_MAIN(TestSchedule)
#include "tst_schedule.moc"
