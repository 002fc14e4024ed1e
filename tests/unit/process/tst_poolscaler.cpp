#include "process/poolscaler.h"

#include <QTest>

using namespace Quern;
using namespace std::chrono_literals;
using process::PoolBounds;
using process::PoolLook;
using process::PoolScaler;

class TestPoolScaler : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_scaler = {};
        m_bounds = {2, 20, 10s};
    }
    void growsWhileWorkWaits();
    void aShortQueueIsNoPressure();
    void growsByAQuarter();
    void growsNoFurtherThanItMay();
    void somebodyIsIdle();
    void shrinksWhenSomeAreIdle();
    void shrinksToWhatThereIsToBe();
    void oneBusyMomentStaysTheLeave();
    void aFixedPoolStaysAsItIs();
    void restsAfterAFailure();

private:
    /// Asks every 100 ms from \a from to \a to, and returns the last answer.
    int ask(std::chrono::milliseconds from, std::chrono::milliseconds to, const PoolLook &look)
    {
        int wanted = look.size;
        for (auto at = from; at <= to && wanted == look.size; at += 100ms)
            wanted = m_scaler.wanted(base::MonotonicTime(at), look, m_bounds);
        return wanted;
    }

    PoolScaler m_scaler;
    PoolBounds m_bounds;
};

void TestPoolScaler::growsWhileWorkWaits()
{
    QCOMPARE(ask(0ms, 200ms, {2, 0, 5}), 2);
    QCOMPARE(ask(300ms, 300ms, {2, 0, 1}), 3);
    // The next one follows if that was not enough.
    QCOMPARE(ask(400ms, 500ms, {3, 0, 1}), 3);
    QCOMPARE(ask(600ms, 600ms, {3, 0, 1}), 4);
}

void TestPoolScaler::aShortQueueIsNoPressure()
{
    for (auto at = 0ms; at < 5s; at += 300ms) {
        QCOMPARE(ask(at, at + 200ms, {2, 0, 5}), 2);
        QCOMPARE(ask(at + 250ms, at + 250ms, {2, 0, 0}), 2);
    }
}

void TestPoolScaler::growsByAQuarter()
{
    QCOMPARE(ask(0ms, 300ms, {12, 0, 5}), 15);
}

void TestPoolScaler::growsNoFurtherThanItMay()
{
    QCOMPARE(ask(0ms, 300ms, {18, 0, 5}), 20);
    QCOMPARE(ask(400ms, 5s, {20, 0, 5}), 20);
}

void TestPoolScaler::somebodyIsIdle()
{
    QCOMPARE(ask(0ms, 5s, {2, 1, 5}), 2);
    // For a moment: what waits has waited all the time.
    QCOMPARE(ask(5s, 5200ms, {2, 0, 5}), 2);
    QCOMPARE(ask(5250ms, 5250ms, {2, 1, 5}), 2);
    QCOMPARE(ask(5300ms, 5300ms, {2, 0, 5}), 3);
}

void TestPoolScaler::shrinksWhenSomeAreIdle()
{
    QCOMPARE(ask(0ms, 9900ms, {8, 5, 0}), 8);
    QCOMPARE(ask(10s, 10s, {8, 6, 0}), 6);
    QCOMPARE(ask(10100ms, 20s, {6, 4, 0}), 6);
    QCOMPARE(ask(20100ms, 20100ms, {6, 4, 0}), 4);
}

void TestPoolScaler::shrinksToWhatThereIsToBe()
{
    QCOMPARE(ask(0ms, 11s, {3, 3, 0}), 2);
    QCOMPARE(ask(12s, 60s, {2, 2, 0}), 2);
}

void TestPoolScaler::oneBusyMomentStaysTheLeave()
{
    QCOMPARE(ask(0ms, 9900ms, {8, 5, 0}), 8);
    QCOMPARE(ask(9950ms, 9950ms, {8, 0, 0}), 8);
    QCOMPARE(ask(10s, 19900ms, {8, 5, 0}), 8);
    QCOMPARE(ask(20s, 20s, {8, 5, 0}), 6);
}

void TestPoolScaler::aFixedPoolStaysAsItIs()
{
    m_bounds = {2, 0, 10s};
    QCOMPARE(ask(0ms, 60s, {2, 0, 5}), 2);
    QCOMPARE(ask(0ms, 60s, {4, 4, 0}), 4);
}

void TestPoolScaler::restsAfterAFailure()
{
    QCOMPARE(ask(0ms, 300ms, {2, 0, 5}), 3);
    m_scaler.failed(base::MonotonicTime(400ms));
    QCOMPARE(ask(500ms, 5300ms, {2, 0, 5}), 2);
    QCOMPARE(ask(5400ms, 5400ms, {2, 0, 5}), 3);
    m_scaler.failed(base::MonotonicTime(5500ms));
    QCOMPARE(ask(5600ms, 15400ms, {2, 0, 5}), 2);
    QCOMPARE(ask(15500ms, 15500ms, {2, 0, 5}), 3);
    m_scaler.changed();
    m_scaler.failed(base::MonotonicTime(16s));
    QCOMPARE(ask(21s, 21s, {2, 0, 5}), 3);
}

QTEST_APPLESS_MAIN(TestPoolScaler)
#include "tst_poolscaler.moc"
