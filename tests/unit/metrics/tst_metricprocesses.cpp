#include "metricsupport.h"

#include "ipc/childpage.h"

#include <QElapsedTimer>
#include <QLoggingCategory>
#include <QRandomGenerator>
#include <QTest>

#include <csignal>
#include <map>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace Quern;
using namespace Quern::metrics;

namespace {

using Sums = std::map<std::string, double>;

/// Registers and counts without end, in the memory that its parent reads.
[[noreturn]] void write(const ipc::ChildPage &page, quint32 seed)
{
    Child child;
    child.area = std::make_shared<MetricArea>(page.metricArea(), ipc::ChildPage::MetricBytes);
    QRandomGenerator random(seed);
    const Counter counter = child.counter("a_total", {"value"});
    const Histogram histogram = child.histogram("b_bytes", {1, 10, 100}, {"value"});
    const Counter plain = child.counter("c_total");
    for (int i = 0;; ++i) {
        const QByteArray value = QByteArray::number(i % 5000) + QByteArray(random.bounded(100), 'x');
        counter.with({value}).increment(i % 2 == 0 ? 1 : 0.25);
        histogram.with({value}).observe(random.bounded(200));
        plain.increment();
        if (i < 300)
            child.counter("d" + QByteArray::number(i) + "_total", {}, value).increment(i + 1);
    }
}

/// By name and labels; of a histogram the counts.
Sums sumsOf(const std::vector<prometheus::MetricFamily> &families)
{
    Sums sums;
    for (const prometheus::MetricFamily &family : families) {
        for (const prometheus::ClientMetric &metric : family.metric) {
            std::string key = family.name;
            for (const auto &label : metric.label)
                key += '|' + label.value;
            sums[key] = metric.counter.value + double(metric.histogram.sample_count);
            for (const auto &bucket : metric.histogram.bucket)
                sums[key + '<' + std::to_string(bucket.upper_bound)] = double(bucket.cumulative_count);
        }
    }
    return sums;
}

/// The first that is lower than before, or not there any more; empty if none is.
std::string fallen(const Sums &before, const Sums &after)
{
    for (const auto &[key, value] : before) {
        const auto found = after.find(key);
        if (found == after.end() || found->second < value)
            return key + ": " + std::to_string(value) + " → " +
                   (found == after.end() ? "nothing" : std::to_string(found->second));
    }
    return {};
}

} // namespace

/// Children that are killed at any moment.
class TestMetricProcesses : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void killed();
    void pagesAreTakenAsTheyAreUsed();
};

void TestMetricProcesses::initTestCase()
{
    // Each of them would tell that its memory is full.
    QLoggingCategory::setFilterRules(QStringLiteral("quern.sdk=false"));
}

void TestMetricProcesses::killed()
{
    const int rounds = qEnvironmentVariableIsSet("QUERN_LONG_TESTS") ? 2000 : 100;
    PluginMetrics metrics;
    metrics.activate(1);
    Sums before;
    for (int round = 0; round < rounds; ++round) {
        const auto page = std::make_shared<ipc::ChildPage>(std::move(*ipc::ChildPage::create(1)));
        const pid_t pid = ::fork();
        if (pid == 0)
            write(*page, quint32(round));
        metrics.add(quint64(round), 1, {page->metricArea(), ipc::ChildPage::MetricBytes});
        // Most die while they register, some when all is full.
        const bool isWatched = round % 4 == 0;
        const qint64 lifetime = QRandomGenerator::global()->bounded(isWatched ? 40'000'000 : 3'000'000);
        QElapsedTimer timer;
        timer.start();
        while (timer.nsecsElapsed() < lifetime) {
            if (!isWatched)
                continue;
            const Sums now = sumsOf(metrics.collect());
            QCOMPARE(fallen(before, now), std::string());
            before = now;
        }
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        metrics.remove(quint64(round));
        const Sums now = sumsOf(metrics.collect());
        QCOMPARE(fallen(before, now), std::string());
        before = now;
        QVERIFY(metrics.takeDamaged().empty());
    }
    QVERIFY(before.at("c_total") > rounds);
    QVERIFY(before.at("a_total|other") > 0);
}

void TestMetricProcesses::pagesAreTakenAsTheyAreUsed()
{
    const auto page = std::make_shared<ipc::ChildPage>(std::move(*ipc::ChildPage::create(1)));
    const auto blocks = [&page] {
        struct stat info = {};
        ::fstat(page->descriptor(), &info);
        return info.st_blocks * 512;
    };
    const auto without = blocks();
    Child child;
    child.area = std::make_shared<MetricArea>(page->metricArea(), ipc::ChildPage::MetricBytes);
    QCOMPARE(blocks(), without);
    child.counter("a_total").increment();
    QCOMPARE(blocks() - without, 4096);
    // Whoever counts may outlive the page.
    const Counter counter = child.counter("b_total");
    const std::shared_ptr<void> area = page->metricArea();
    QVERIFY(area.use_count() > 2);
}

QTEST_GUILESS_MAIN(TestMetricProcesses)
#include "tst_metricprocesses.moc"
