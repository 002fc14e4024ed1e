#include "base/clock.h"

#include <QTest>

#include <ctime>

using namespace Quern;
using namespace std::chrono_literals;

class TestClock : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void isTheKernelsMonotonicClock();
    void roundTrip();
    void differenceInNanoseconds();
};

void TestClock::isTheKernelsMonotonicClock()
{
    // What makes times of two processes comparable: no epoch of the process's own.
    const auto kernelNow = [] {
        timespec now = {};
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        return quint64(now.tv_sec) * 1'000'000'000 + quint64(now.tv_nsec);
    };
    const quint64 before = kernelNow();
    const quint64 now = base::nowNanoseconds();
    const quint64 after = kernelNow();
    QCOMPARE_GE(now, before);
    QCOMPARE_LE(now, after);
}

void TestClock::roundTrip()
{
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    QVERIFY(base::fromNanoseconds(base::toNanoseconds(now)) == now);
    QCOMPARE(base::toNanoseconds(base::fromNanoseconds(1)), quint64(1));
}

void TestClock::differenceInNanoseconds()
{
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    QCOMPARE(base::toNanoseconds(now + 3ms) - base::toNanoseconds(now), quint64(3'000'000));
}

QTEST_APPLESS_MAIN(TestClock)
#include "tst_clock.moc"
