#include "tasks/backoff.h"

#include <QTest>

#include <limits>

using namespace Quern::tasks;
using namespace std::chrono_literals;

class tst_BackOff : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void delays_data();
    void delays();
};

void tst_BackOff::delays_data()
{
    QTest::addColumn<BackOff>("backOff");
    QTest::addColumn<quint32>("attempts");
    QTest::addColumn<double>("random");
    QTest::addColumn<std::chrono::milliseconds>("expected");
    const auto row = [](const char *name, const BackOff &backOff, quint32 attempts, double random,
                        std::chrono::milliseconds expected) {
        QTest::newRow(name) << backOff << attempts << random << expected;
    };
    const BackOff plain{100ms, 10s, 2, 0};
    row("first", plain, 1, 0, 100ms);
    row("second", plain, 2, 0.9, 200ms);
    row("fifth", plain, 5, 0, 1600ms);
    row("cut", plain, 8, 0, 10s);
    row("beyond any number", plain, std::numeric_limits<quint32>::max(), 0, 10s);
    row("no try has ended", plain, 0, 0, 100ms);
    row("always the same", {100ms, 10s, 1, 0}, 50, 0, 100ms);
    row("a factor below one does not shrink", {100ms, 10s, 0.5, 0}, 5, 0, 100ms);
    row("a factor that is no number", {100ms, 10s, std::numeric_limits<float>::quiet_NaN(), 0}, 5, 0, 100ms);
    row("no delay", {0ms, 10s, 2, 50}, 5, 0.99, 0ms);
    row("negative ones", {-5ms, -7ms, 2, 0}, 5, 0, 0ms);
    const BackOff spread{100ms, 10s, 2, 20};
    row("spread down", spread, 1, 0, 80ms);
    row("spread not", spread, 1, 0.5, 100ms);
    row("spread up", spread, 1, 0.75, 110ms);
    row("spread down from the longest", spread, 30, 0, 8s);
    row("never beyond the longest", spread, 30, 0.99, 10s);
    row("spread by more than all", {100ms, 10s, 2, 200}, 1, 0, 0ms);
    row("random out of its range", spread, 1, -3, 80ms);
}

void tst_BackOff::delays()
{
    QFETCH(BackOff, backOff);
    QFETCH(quint32, attempts);
    QFETCH(double, random);
    QFETCH(std::chrono::milliseconds, expected);
    QCOMPARE(delayBeforeRetry(backOff, attempts, random), expected);
}

QTEST_APPLESS_MAIN(tst_BackOff)
#include "tst_backoff.moc"
