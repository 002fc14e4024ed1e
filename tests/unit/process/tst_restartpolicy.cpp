#include "process/restartpolicy.h"

#include <QTest>

using Quern::base::MonotonicTime;
using Quern::process::RestartPolicy;
using Quern::process::RestartSettings;
using namespace std::chrono_literals;

namespace {

constexpr RestartSettings defaults;

} // namespace

class TestRestartPolicy : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void firstRestartIsImmediate();
    void earlyDeathsBackOff();
    void breakerOpens();
    void healthyLifeResets();
    void justTooShort();
    void readinessIsForgotten();
    void killedFromOutside();
    void killedAfterAHealthyLife();
    void interval();
    void givesUp();
    void neverRunsInATightLoop_data();
    void neverRunsInATightLoop();
};

void TestRestartPolicy::firstRestartIsImmediate()
{
    RestartPolicy policy;
    QCOMPARE(policy.died(MonotonicTime(1h), true), 0ms);
    QCOMPARE(policy.restarts(), 1);
    QVERIFY(!policy.isBreakerOpen());
}

void TestRestartPolicy::earlyDeathsBackOff()
{
    RestartPolicy policy;
    const MonotonicTime now(1h);
    std::chrono::milliseconds before = policy.died(now, true);
    for (int i = 2; i < defaults.maxEarlyDeaths; ++i) {
        const std::chrono::milliseconds delay = policy.died(now, true);
        const auto expected = i == 2 ? defaults.firstDelay : std::min(2 * before, defaults.maxDelay);
        QCOMPARE(delay, expected);
        QVERIFY(!policy.isBreakerOpen());
        before = delay;
    }
}

void TestRestartPolicy::breakerOpens()
{
    RestartPolicy policy;
    const MonotonicTime now(1h);
    for (int i = 1; i < defaults.maxEarlyDeaths; ++i)
        QVERIFY(policy.died(now, true) <= defaults.maxDelay);
    QCOMPARE(policy.died(now, true), defaults.breakerRest);
    QVERIFY(policy.isBreakerOpen());
    QCOMPARE(policy.died(now, true), defaults.breakerRest); // the next try fails as well
    QCOMPARE(policy.restarts(), defaults.maxEarlyDeaths + 1);
}

void TestRestartPolicy::healthyLifeResets()
{
    RestartPolicy policy;
    const MonotonicTime now(1h);
    for (int i = 0; i < defaults.maxEarlyDeaths; ++i)
        static_cast<void>(policy.died(now, true));
    policy.becameReady(now);
    QCOMPARE(policy.died(now + defaults.healthyAfter, true), 0ms);
    QVERIFY(!policy.isBreakerOpen());
    QCOMPARE(policy.died(now + 2h, true), 0ms); // the first early one again
    QCOMPARE(policy.died(now + 2h, true), defaults.firstDelay);
}

void TestRestartPolicy::justTooShort()
{
    RestartPolicy policy;
    const MonotonicTime now(1h);
    static_cast<void>(policy.died(now, true));
    policy.becameReady(now);
    QCOMPARE(policy.died(now + defaults.healthyAfter - 1ms, true), defaults.firstDelay);
}

void TestRestartPolicy::readinessIsForgotten()
{
    RestartPolicy policy;
    const MonotonicTime now(1h);
    policy.becameReady(now);
    QCOMPARE(policy.died(now + 1h, true), 0ms);
    static_cast<void>(policy.died(now + 2h, true)); // this one never became ready
    QCOMPARE(policy.died(now + 3h, true), defaults.firstDelay);
}

void TestRestartPolicy::killedFromOutside()
{
    RestartPolicy policy;
    const MonotonicTime now(1h);
    for (int i = 0; i < 2 * defaults.maxEarlyDeaths; ++i) {
        policy.becameReady(now);
        QCOMPARE(policy.died(now, false), 0ms);
    }
    QVERIFY(!policy.isBreakerOpen());
    QCOMPARE(policy.restarts(), 2 * defaults.maxEarlyDeaths);
    // One that cannot become ready is of no use, whoever ends it.
    QCOMPARE(policy.died(now, false), 0ms);
    QCOMPARE(policy.died(now, false), defaults.firstDelay);
}

void TestRestartPolicy::killedAfterAHealthyLife()
{
    // However it ended: what died before it did so in another row.
    RestartPolicy policy;
    const MonotonicTime now(1h);
    for (int i = 0; i < defaults.maxEarlyDeaths; ++i)
        static_cast<void>(policy.died(now, true));
    QVERIFY(policy.isBreakerOpen(now));
    policy.becameReady(now);
    QCOMPARE(policy.died(now + defaults.healthyAfter, false), 0ms);
    QVERIFY(!policy.isBreakerOpen(now + defaults.healthyAfter));
    QCOMPARE(policy.died(now + 2h, true), 0ms); // the first early one again
    QCOMPARE(policy.died(now + 2h, true), defaults.firstDelay);
}

void TestRestartPolicy::interval()
{
    RestartPolicy policy({.interval = 5s, .maxDelay = 60s});
    MonotonicTime now(1h);
    const auto diesAfter = [&](std::chrono::milliseconds life) {
        policy.becameReady(now);
        now += life;
        return policy.died(now, true);
    };
    QCOMPARE(diesAfter(1h), 5s); // even after a long life
    QCOMPARE(diesAfter(10ms), 5s);
    QCOMPARE(diesAfter(10ms), 10s);
    QCOMPARE(diesAfter(10ms), 20s);
    QCOMPARE(diesAfter(10ms), 40s);
    QCOMPARE(diesAfter(10ms), 60s);
    QVERIFY(!policy.hasGivenUp());
    QCOMPARE(diesAfter(2s), 5s);
}

void TestRestartPolicy::givesUp()
{
    RestartPolicy policy({.interval = 100ms, .maxEarlyDeaths = 3, .givesUp = true});
    const MonotonicTime now(1h);
    for (int death = 1; death <= 3; ++death) {
        QVERIFY(!policy.hasGivenUp());
        policy.becameReady(now);
        policy.died(now, true);
    }
    QVERIFY(policy.hasGivenUp());
}

void TestRestartPolicy::neverRunsInATightLoop_data()
{
    QTest::addColumn<bool>("isFault");
    QTest::addColumn<std::chrono::milliseconds>("healthyAfter");
    QTest::newRow("killed from outside") << false << 1000ms;
    QTest::newRow("ends at once, and that is healthy") << true << 0ms;
}

void TestRestartPolicy::neverRunsInATightLoop()
{
    QFETCH(const bool, isFault);
    QFETCH(const std::chrono::milliseconds, healthyAfter);
    RestartPolicy policy({.healthyAfter = healthyAfter, .leastDelay = 100ms, .maxEarlyDeaths = 3, .givesUp = true});
    const MonotonicTime now(1h);
    for (int death = 1; death <= 10; ++death) {
        policy.becameReady(now);
        QCOMPARE(policy.died(now + 10ms, isFault), 100ms);
        QVERIFY(!policy.hasGivenUp());
    }
    policy.becameReady(now);
    QCOMPARE(policy.died(now + RestartPolicy::shortLife, isFault), 0ms);
}

QTEST_GUILESS_MAIN(TestRestartPolicy)
#include "tst_restartpolicy.moc"
