#include "process/restartpolicy.h"

#include <QTest>

using Quern::base::MonotonicTime;
using Quern::process::RestartPolicy;
using namespace std::chrono_literals;

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
    for (int i = 2; i < RestartPolicy::MaxEarlyDeaths; ++i) {
        const std::chrono::milliseconds delay = policy.died(now, true);
        const auto expected = i == 2 ? RestartPolicy::FirstDelay : std::min(2 * before, RestartPolicy::MaxDelay);
        QCOMPARE(delay, expected);
        QVERIFY(!policy.isBreakerOpen());
        before = delay;
    }
}

void TestRestartPolicy::breakerOpens()
{
    RestartPolicy policy;
    const MonotonicTime now(1h);
    for (int i = 1; i < RestartPolicy::MaxEarlyDeaths; ++i)
        QVERIFY(policy.died(now, true) <= RestartPolicy::MaxDelay);
    QCOMPARE(policy.died(now, true), RestartPolicy::BreakerRest);
    QVERIFY(policy.isBreakerOpen());
    QCOMPARE(policy.died(now, true), RestartPolicy::BreakerRest); // the next try fails as well
    QCOMPARE(policy.restarts(), RestartPolicy::MaxEarlyDeaths + 1);
}

void TestRestartPolicy::healthyLifeResets()
{
    RestartPolicy policy;
    const MonotonicTime now(1h);
    for (int i = 0; i < RestartPolicy::MaxEarlyDeaths; ++i)
        static_cast<void>(policy.died(now, true));
    policy.becameReady(now);
    QCOMPARE(policy.died(now + RestartPolicy::HealthyAfter, true), 0ms);
    QVERIFY(!policy.isBreakerOpen());
    QCOMPARE(policy.died(now + 2h, true), 0ms); // the first early one again
    QCOMPARE(policy.died(now + 2h, true), RestartPolicy::FirstDelay);
}

void TestRestartPolicy::justTooShort()
{
    RestartPolicy policy;
    const MonotonicTime now(1h);
    static_cast<void>(policy.died(now, true));
    policy.becameReady(now);
    QCOMPARE(policy.died(now + RestartPolicy::HealthyAfter - 1ms, true), RestartPolicy::FirstDelay);
}

void TestRestartPolicy::readinessIsForgotten()
{
    RestartPolicy policy;
    const MonotonicTime now(1h);
    policy.becameReady(now);
    QCOMPARE(policy.died(now + 1h, true), 0ms);
    static_cast<void>(policy.died(now + 2h, true)); // this one never became ready
    QCOMPARE(policy.died(now + 3h, true), RestartPolicy::FirstDelay);
}

void TestRestartPolicy::killedFromOutside()
{
    RestartPolicy policy;
    const MonotonicTime now(1h);
    for (int i = 0; i < 2 * RestartPolicy::MaxEarlyDeaths; ++i) {
        policy.becameReady(now);
        QCOMPARE(policy.died(now, false), 0ms);
    }
    QVERIFY(!policy.isBreakerOpen());
    QCOMPARE(policy.restarts(), 2 * RestartPolicy::MaxEarlyDeaths);
    // One that cannot become ready is of no use, whoever ends it.
    QCOMPARE(policy.died(now, false), 0ms);
    QCOMPARE(policy.died(now, false), RestartPolicy::FirstDelay);
}

QTEST_GUILESS_MAIN(TestRestartPolicy)
#include "tst_restartpolicy.moc"
