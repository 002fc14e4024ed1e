#include "metrics/families.h"
#include "metrics/histogram.h"

#include <QTest>

#include <array>
#include <limits>

using namespace Quern::metrics;
using namespace std::chrono_literals;

class tst_Histogram : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void timesFallIntoTheirBuckets_data();
    void timesFallIntoTheirBuckets();
    void numbersFallIntoTheirBuckets();
    void readingsAddUp();
    void bucketsAreCumulativeForPrometheus();
};

void tst_Histogram::timesFallIntoTheirBuckets_data()
{
    QTest::addColumn<qint64>("nanoseconds");
    QTest::addColumn<int>("bucket");
    QTest::newRow("nothing") << qint64(0) << 0;
    QTest::newRow("a clock that went back") << qint64(-5) << 0;
    QTest::newRow("at the first bound") << qint64(1'000'000) << 0;
    QTest::newRow("one above") << qint64(1'000'001) << 1;
    QTest::newRow("at the last bound") << qint64(2'500'000'000) << 2;
    QTest::newRow("above all") << qint64(2'500'000'001) << 3;
    QTest::newRow("a century") << std::numeric_limits<qint64>::max() << 3;
}

void tst_Histogram::timesFallIntoTheirBuckets()
{
    QFETCH(qint64, nanoseconds);
    QFETCH(int, bucket);
    const TimeBounds bounds(std::array{0.001, 0.01, 2.5});
    TimeHistogram histogram(bounds);
    histogram.record(std::chrono::nanoseconds(nanoseconds));
    const HistogramReading reading = histogram.read();
    QCOMPARE(reading.counts.size(), std::size_t(4));
    for (int i = 0; i < 4; ++i)
        QCOMPARE(reading.counts[std::size_t(i)], quint64(i == bucket ? 1 : 0));
    QCOMPARE(reading.sum, double(qMax<qint64>(nanoseconds, 0)) / 1e9);
}

void tst_Histogram::numbersFallIntoTheirBuckets()
{
    NumberHistogram histogram;
    for (const quint32 number : {0U, 1U, 2U, 3U, 4U, 64U, 65U, 1000U})
        histogram.record(number);
    const HistogramReading reading = histogram.read();
    QCOMPARE(reading.bounds, (std::vector<double>{1, 2, 4, 8, 16, 32, 64}));
    QCOMPARE(reading.counts, (std::vector<quint64>{2, 1, 2, 0, 0, 0, 1, 2}));
    QCOMPARE(reading.sum, 1139.0);
}

void tst_Histogram::readingsAddUp()
{
    const TimeBounds bounds(std::array{1.0});
    TimeHistogram first(bounds);
    TimeHistogram second(bounds);
    first.record(500ms);
    second.record(500ms);
    second.record(4s);
    HistogramReading sum = first.read();
    sum.add(second.read());
    QCOMPARE(sum.counts, (std::vector<quint64>{2, 1}));
    QCOMPARE(sum.sum, 5.0);
}

void tst_Histogram::bucketsAreCumulativeForPrometheus()
{
    HistogramReading reading({0.5, 1});
    reading.counts = {3, 0, 4};
    reading.sum = 12.5;
    prometheus::MetricFamily shown = family("wait_seconds", "Waits.", prometheus::MetricType::Histogram);
    addHistogram(shown, {{"queue", "main"}}, reading);
    const prometheus::ClientMetric::Histogram &histogram = shown.metric.at(0).histogram;
    QCOMPARE(histogram.sample_count, 7U);
    QCOMPARE(histogram.sample_sum, 12.5);
    std::vector<std::pair<double, std::uint64_t>> buckets;
    for (const prometheus::ClientMetric::Bucket &bucket : histogram.bucket)
        buckets.emplace_back(bucket.upper_bound, bucket.cumulative_count);
    const double infinity = std::numeric_limits<double>::infinity();
    QCOMPARE(buckets, (std::vector<std::pair<double, std::uint64_t>>{{0.5, 3}, {1, 3}, {infinity, 7}}));
}

QTEST_GUILESS_MAIN(tst_Histogram)
#include "tst_histogram.moc"
