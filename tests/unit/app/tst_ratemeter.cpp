#include "app/server/ratemeter.h"

#include <QTest>

using namespace Quern;
using app::RateMeter;
using namespace std::chrono_literals;

class TestRateMeter : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nothingRecorded();
    void bothWindows();
    void shortLife();
    void forgetsWhatIsOld();
};

namespace {

admin::Totals totals(qint64 connections, qint64 requests, qint64 refused = 0, qint64 failed = 0, qint64 timedOut = 0)
{
    admin::Totals result;
    result.connections = connections;
    result.requests = requests;
    result.refused = refused;
    result.failed = failed;
    result.timedOut = timedOut;
    return result;
}

const base::MonotonicTime start{1000s};

} // namespace

void TestRateMeter::nothingRecorded()
{
    RateMeter meter;
    QVERIFY(meter.rates(start, totals(5, 5)).isEmpty());
    meter.record(start, totals(5, 5));
    QVERIFY(meter.rates(start, totals(5, 5)).isEmpty());
}

void TestRateMeter::bothWindows()
{
    RateMeter meter;
    // Fifty quiet seconds, then ten busy ones.
    for (int second = 0; second <= 50; second += 2)
        meter.record(start + std::chrono::seconds(second), totals(0, second));
    for (int second = 52; second <= 60; second += 2)
        meter.record(start + std::chrono::seconds(second), totals(second - 50, 50 + (second - 50) * 100));
    const QList<admin::Rates> rates = meter.rates(start + 60s, totals(10, 1050, 1, 2, 3));
    QCOMPARE(rates.size(), 2);
    QCOMPARE(rates.at(0).window, 10s);
    QCOMPARE(rates.at(0).requests, 100.0);
    QCOMPARE(rates.at(0).connections, 1.0);
    QCOMPARE(rates.at(0).errors, 0.6);
    QCOMPARE(rates.at(1).window, 60s);
    QCOMPARE(rates.at(1).requests, 17.5);
    QCOMPARE(rates.at(1).errors, 0.1);
}

void TestRateMeter::shortLife()
{
    RateMeter meter;
    meter.record(start, totals(0, 0));
    meter.record(start + 2s, totals(0, 10));
    const QList<admin::Rates> rates = meter.rates(start + 4s, totals(0, 40));
    QCOMPARE(rates.size(), 1);
    QCOMPARE(rates.at(0).window, 4s);
    QCOMPARE(rates.at(0).requests, 10.0);
}

void TestRateMeter::forgetsWhatIsOld()
{
    RateMeter meter;
    for (int second = 0; second <= 1000; second += 2)
        meter.record(start + std::chrono::seconds(second), totals(0, second < 500 ? 0 : (second - 500) * 3));
    const QList<admin::Rates> rates = meter.rates(start + 1000s, totals(0, 1500));
    QCOMPARE(rates.at(1).window, 60s);
    QCOMPARE(rates.at(1).requests, 3.0);
}

QTEST_APPLESS_MAIN(TestRateMeter)
#include "tst_ratemeter.moc"
