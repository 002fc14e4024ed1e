#include "metricsupport.h"

#include "metrics/exposition.h"

#include <QProcess>
#include <QStandardPaths>
#include <QTest>

#include <cstring>
#include <limits>

using namespace Quern;
using namespace Quern::metrics;
using namespace Qt::Literals::StringLiterals;

/// What the master makes of the areas of many children.
class TestPluginMetrics : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void sums();
    void theDeadAreKept();
    void gauges_data();
    void gauges();
    void notBeforeItsGenerationServes();
    void aFailedReloadLeavesNoTrace();
    void aChangedDefinitionBeginsAnew();
    void theSameDefinitionGoesOn();
    void whatIsGoneIsForgotten();
    void seriesAreBounded();
    void otherStaysOther();
    void gaugesAreBounded();
    void sumsDoNotFallByRounding();
    void familiesAreBounded();
    void damage();
    void memoryThatWasEmptied();
    void numbersDoNotComeRound();
    void promtoolIsContent();
};

void TestPluginMetrics::sums()
{
    Child one;
    Child two;
    PluginMetrics metrics;
    metrics.add(1, 1, one.shared());
    metrics.add(2, 1, two.shared());
    metrics.activate(1);
    QCOMPARE(linesOf(metrics.collect()), QStringList());
    one.counter("b_total", {"city"}).with({"berlin"}).increment(1.5);
    const Counter cities = two.counter("b_total", {"city"});
    cities.with({"berlin"}).increment(2);
    cities.with({"aachen"}).increment();
    one.histogram("c_bytes", {1, 10}).observe(1);
    const Histogram sizes = two.histogram("c_bytes", {1, 10});
    sizes.observe(5);
    sizes.observe(50);
    // In another order.
    two.counter("a_total").increment(7);
    one.counter("a_total").increment(3);
    const QStringList expected = {u"a_total 10"_s, u"b_total{city=\"aachen\"} 1"_s, u"b_total{city=\"berlin\"} 3.5"_s,
                                  u"c_bytes 1:1 10:2 inf:3 sum 56"_s};
    QCOMPARE(linesOf(metrics.collect()), expected);
    QCOMPARE(linesOf(metrics.collect()), expected); // looking changes nothing
    const std::vector<prometheus::MetricFamily> families = metrics.collect();
    QCOMPARE(families[0].help, std::string("Help."));
    QVERIFY(families[0].type == prometheus::MetricType::Counter);
    QVERIFY(families[2].type == prometheus::MetricType::Histogram);
    QCOMPARE(families[2].metric[0].histogram.sample_count, std::uint64_t(3));
    QVERIFY(metrics.takeDamaged().empty());
}

void TestPluginMetrics::theDeadAreKept()
{
    PluginMetrics metrics;
    metrics.activate(1);
    for (quint64 child = 1; child <= 5; ++child) {
        Child process;
        metrics.add(child, 1, process.shared());
        process.counter("a_total").increment(10);
        process.histogram("b_bytes", {1}).observe(2);
        process.gauge("c", GaugeMerge::Sum).set(4);
        QCOMPARE(linesOf(metrics.collect()),
                 (QStringList{u"a_total %1"_s.arg(10 * child), u"b_bytes 1:0 inf:%1 sum %2"_s.arg(child).arg(2 * child),
                              u"c 4"_s}));
        metrics.remove(child);
        QCOMPARE(linesOf(metrics.collect()), (QStringList{u"a_total %1"_s.arg(10 * child),
                                                          u"b_bytes 1:0 inf:%1 sum %2"_s.arg(child).arg(2 * child)}));
    }
    metrics.remove(5);
    metrics.remove(99);
    QCOMPARE(linesOf(metrics.collect()).first(), u"a_total 50"_s);
}

void TestPluginMetrics::gauges_data()
{
    QTest::addColumn<GaugeMerge>("merge");
    QTest::addColumn<QStringList>("of345");
    QTest::addColumn<QStringList>("ofNone");
    QTest::newRow("sum") << GaugeMerge::Sum << QStringList(u"a 12"_s) << QStringList(u"a 0"_s);
    QTest::newRow("max") << GaugeMerge::Max << QStringList(u"a 5"_s) << QStringList();
    QTest::newRow("min") << GaugeMerge::Min << QStringList(u"a 3"_s) << QStringList();
}

void TestPluginMetrics::gauges()
{
    QFETCH(GaugeMerge, merge);
    QFETCH(QStringList, of345);
    QFETCH(QStringList, ofNone);
    PluginMetrics metrics;
    metrics.activate(1);
    std::array<Child, 4> children;
    std::vector<Gauge> gauges;
    for (std::size_t i = 0; i < children.size(); ++i) {
        metrics.add(i, 1, children[i].shared());
        gauges.push_back(children[i].gauge("a", merge));
    }
    QCOMPARE(linesOf(metrics.collect()), ofNone);
    // The fourth has nothing to say.
    gauges[0].set(4);
    gauges[1].set(3);
    gauges[2].set(5);
    QCOMPARE(linesOf(metrics.collect()), of345);
    for (const Gauge &gauge : gauges)
        gauge.set(std::numeric_limits<double>::quiet_NaN());
    QCOMPARE(linesOf(metrics.collect()), QStringList());
    gauges[1].set(8);
    QCOMPARE(linesOf(metrics.collect()), QStringList(u"a 8"_s));
    metrics.remove(1);
    QCOMPARE(linesOf(metrics.collect()), QStringList());
}

void TestPluginMetrics::notBeforeItsGenerationServes()
{
    PluginMetrics metrics;
    Child old;
    Child young;
    metrics.add(1, 1, old.shared());
    old.counter("a_total").increment();
    QCOMPARE(linesOf(metrics.collect()), QStringList());
    metrics.activate(1);
    QCOMPARE(linesOf(metrics.collect()), QStringList(u"a_total 1"_s));
    metrics.add(2, 2, young.shared());
    young.counter("a_total").increment(10);
    QCOMPARE(linesOf(metrics.collect()), QStringList(u"a_total 1"_s));
    metrics.activate(2);
    QCOMPARE(linesOf(metrics.collect()), QStringList(u"a_total 11"_s));
    metrics.remove(1);
    QCOMPARE(linesOf(metrics.collect()), QStringList(u"a_total 11"_s));
}

void TestPluginMetrics::aFailedReloadLeavesNoTrace()
{
    PluginMetrics metrics;
    metrics.activate(1);
    Child old;
    Child failed;
    metrics.add(1, 1, old.shared());
    old.counter("a_total").increment(5);
    metrics.add(2, 2, failed.shared());
    failed.counter("a_total", {"city"}).with({"x"}).increment();
    failed.counter("b_total").increment();
    metrics.collect();
    metrics.remove(2);
    QCOMPARE(linesOf(metrics.collect()), QStringList(u"a_total 5"_s));
}

void TestPluginMetrics::aChangedDefinitionBeginsAnew()
{
    PluginMetrics metrics;
    metrics.activate(1);
    Child old;
    Child young;
    metrics.add(1, 1, old.shared());
    const Counter before = old.counter("a_total", {"city"}).with({"berlin"});
    before.increment(5);
    metrics.collect();
    metrics.add(2, 2, young.shared());
    young.counter("a_total", {"town"}).with({"berlin"}).increment(2);
    metrics.activate(2);
    QCOMPARE(linesOf(metrics.collect()), QStringList(u"a_total{town=\"berlin\"} 2"_s));
    // Whoever drains still counts by the old one.
    before.increment();
    QCOMPARE(linesOf(metrics.collect()), QStringList(u"a_total{town=\"berlin\"} 2"_s));
    metrics.remove(1);
    QCOMPARE(linesOf(metrics.collect()), QStringList(u"a_total{town=\"berlin\"} 2"_s));
}

void TestPluginMetrics::theSameDefinitionGoesOn()
{
    PluginMetrics metrics;
    Child old;
    Child young;
    metrics.add(1, 1, old.shared());
    metrics.activate(1);
    old.counter("a_total", {}, "Old.").increment(5);
    metrics.remove(1);
    metrics.add(2, 2, young.shared());
    young.counter("a_total", {}, "New.").increment();
    metrics.activate(2);
    QCOMPARE(linesOf(metrics.collect()), QStringList(u"a_total 6"_s));
    QCOMPARE(metrics.collect()[0].help, std::string("New."));
}

void TestPluginMetrics::whatIsGoneIsForgotten()
{
    PluginMetrics metrics;
    metrics.activate(1);
    Child old;
    Child young;
    metrics.add(1, 1, old.shared());
    old.counter("a_total").increment(5);
    // All that had it have crashed, and nobody has taken their place yet.
    metrics.remove(1);
    QCOMPARE(linesOf(metrics.collect()), QStringList(u"a_total 5"_s));
    metrics.add(2, 2, young.shared());
    young.counter("b_total");
    metrics.activate(2);
    QCOMPARE(linesOf(metrics.collect()), QStringList(u"b_total 0"_s));
}

void TestPluginMetrics::seriesAreBounded()
{
    PluginMetrics metrics;
    metrics.activate(1);
    double counted = 0;
    // Each process has names of its own, and comes and goes.
    for (quint64 child = 0; child < 30; ++child) {
        Child process;
        metrics.add(child, 1, process.shared());
        const Counter counter = process.counter("a_total", {"value"});
        for (int i = 0; i < 300; ++i)
            counter.with({QByteArray::number(child) + '-' + QByteArray::number(i)}).increment();
        counted += 300;
        if (child % 3 == 0)
            metrics.collect();
        metrics.remove(child);
        const std::vector<prometheus::MetricFamily> families = metrics.collect();
        QVERIFY(families[0].metric.size() <= MetricLimits::Series + 1);
        double sum = 0;
        for (const prometheus::ClientMetric &metric : families[0].metric)
            sum += metric.counter.value;
        QCOMPARE(sum, counted);
    }
    QVERIFY(linesOf(metrics.collect()).contains(u"a_total{value=\"other\"} 8000"_s));
}

void TestPluginMetrics::otherStaysOther()
{
    PluginMetrics metrics;
    metrics.activate(1);
    // As many as there may be in all.
    std::array<Child, 30> children;
    quint64 id = 0;
    for (Child &child : children) {
        const Counter counter = child.counter("a" + QByteArray::number(id) + "_total", {"value"});
        for (int i = 0; i < 900; ++i)
            counter.with({QByteArray::number(i)}).increment();
        metrics.add(id++, 1, child.shared());
    }
    const auto others = [&metrics] { return linesOf(metrics.collect()).filter(u"other"_s); };
    const QStringList before = others();
    QCOMPARE(before.size(), 8);
    std::size_t series = 0;
    for (const prometheus::MetricFamily &family : metrics.collect())
        series += family.metric.size();
    QVERIFY(series <= PluginMetrics::MostSeries + 30);
    // Room comes, but whoever has no series of his own gets none.
    Child young;
    for (quint64 child = 0; child < 2; ++child)
        metrics.remove(child);
    metrics.add(id, 2, young.shared());
    young.counter("a0_total").increment();
    young.counter("a1_total").increment();
    metrics.activate(2);
    for (const QString &line : before)
        QVERIFY(others().contains(line));
}

void TestPluginMetrics::gaugesAreBounded()
{
    PluginMetrics metrics;
    metrics.activate(1);
    std::array<Child, 4> children;
    for (quint64 id = 0; id < children.size(); ++id) {
        const Gauge gauge = children[id].gauge("a", GaugeMerge::Sum, {"value"});
        for (int i = 0; i < 500; ++i)
            gauge.with({QByteArray::number(id) + '-' + QByteArray::number(i)}).set(1);
        metrics.add(id, 1, children[id].shared());
    }
    for (int look = 0; look < 2; ++look) {
        const std::vector<prometheus::MetricFamily> families = metrics.collect();
        QCOMPARE(families[0].metric.size(), std::size_t(MetricLimits::Series) + 1);
        QVERIFY(linesOf(families).contains(u"a{value=\"other\"} 1000"_s));
    }
    // Room comes back at once: a gauge may fall.
    for (quint64 id = 0; id < 2; ++id)
        metrics.remove(id);
    QCOMPARE(metrics.collect()[0].metric.size(), std::size_t(1000));
    QCOMPARE(linesOf(metrics.collect()).filter(u"other"_s), QStringList());
}

void TestPluginMetrics::sumsDoNotFallByRounding()
{
    PluginMetrics metrics;
    metrics.activate(1);
    std::array<Child, 3> children;
    std::vector<Histogram> histograms;
    quint64 id = 0;
    for (Child &child : children) {
        metrics.add(++id, 1, child.shared());
        histograms.push_back(child.histogram("a_seconds", {1}));
        histograms.back().observe(0.1 * double(id));
        child.counter("b_total").increment(0.1 * double(id));
    }
    const auto sums = [&metrics] {
        const std::vector<prometheus::MetricFamily> families = metrics.collect();
        return std::pair(families[0].metric[0].histogram.sample_sum, families[1].metric[0].counter.value);
    };
    const auto before = sums();
    QVERIFY(before.first > 0.6); // (0.1 + 0.2) + 0.3 is, and 0.1 + (0.2 + 0.3) is not
    metrics.remove(1);
    QVERIFY(sums().first >= before.first);
    QVERIFY(sums().second >= before.second);
    // What is really less is told.
    histograms[1].observe(-0.25);
    QVERIFY(sums().first < before.first);
}

void TestPluginMetrics::familiesAreBounded()
{
    PluginMetrics metrics;
    metrics.activate(1);
    for (quint64 child = 0; child < 5; ++child) {
        Child process;
        metrics.add(child, 1, process.shared());
        for (int i = 0; i < 700; ++i)
            process.counter("a" + QByteArray::number(child) + '_' + QByteArray::number(i) + "_total").increment();
        metrics.remove(child);
    }
    QCOMPARE(metrics.collect().size(), PluginMetrics::MostFamilies);
}

/// Zeros are no nonsense by themselves; but what there was is gone.
void TestPluginMetrics::memoryThatWasEmptied()
{
    PluginMetrics master;
    master.activate(1);
    Child child;
    child.histogram("b_bytes", {1, 2}).observe(1.5);
    child.counter("a_total").increment(3);
    master.add(7, 1, child.shared());
    const QStringList before = linesOf(master.collect());
    std::memset(child.words(), 0, 4096);
    QCOMPARE(linesOf(master.collect()), before);
    QCOMPARE(master.takeDamaged(), std::vector<quint64>{7});
    master.remove(7);
    QCOMPARE(linesOf(master.collect()), before);
}

void TestPluginMetrics::damage()
{
    PluginMetrics metrics;
    metrics.activate(1);
    Child sound;
    Child wild;
    metrics.add(1, 1, sound.shared());
    metrics.add(2, 1, wild.shared());
    const Counter counter = sound.counter("a_total");
    const Histogram histogram = wild.histogram("b_bytes", {1});
    counter.increment();
    wild.counter("a_total").increment(10);
    histogram.observe(1);
    const QStringList before = {u"a_total 11"_s, u"b_bytes 1:1 inf:1 sum 1"_s};
    QCOMPARE(linesOf(metrics.collect()), before);
    for (std::size_t i = 0; i < 1000; ++i)
        wild.words()[i] = 0xdeadbeefdeadbeef;
    QCOMPARE(linesOf(metrics.collect()), before);
    QCOMPARE(metrics.takeDamaged(), std::vector<quint64>{2});
    counter.increment();
    QCOMPARE(linesOf(metrics.collect()).first(), u"a_total 12"_s);
    QVERIFY(metrics.takeDamaged().empty());
    metrics.remove(2);
    QCOMPARE(linesOf(metrics.collect()).first(), u"a_total 12"_s);
    // One that nobody has looked at before.
    Child never;
    never.counter("a_total").increment(100);
    never.words()[0] = 1;
    metrics.add(3, 1, never.shared());
    metrics.remove(3);
    QCOMPARE(linesOf(metrics.collect()).first(), u"a_total 12"_s);
    QCOMPARE(metrics.takeDamaged(), std::vector<quint64>{3});
}

void TestPluginMetrics::numbersDoNotComeRound()
{
    PluginMetrics metrics;
    metrics.activate(1);
    std::array<Child, 3> children;
    for (std::size_t i = 0; i < children.size(); ++i) {
        children[i].counter("a_total").increment();
        std::vector<quint64> copy = children[i].copy();
        const auto cell = std::find(copy.rbegin(), copy.rend(), 1);
        children[i].words()[copy.rend() - cell - 1] = std::numeric_limits<quint64>::max();
        metrics.add(i, 1, children[i].shared());
    }
    for (quint64 child = 0; child < 3; ++child) {
        QCOMPARE(metrics.collect()[0].metric[0].counter.value, double(std::numeric_limits<quint64>::max()));
        metrics.remove(child);
    }
}

void TestPluginMetrics::promtoolIsContent()
{
    const QString promtool = QStandardPaths::findExecutable(u"promtool"_s);
    if (promtool.isEmpty())
        QSKIP("promtool is not there (Debian package prometheus)");
    PluginMetrics metrics;
    metrics.activate(1);
    Child child;
    metrics.add(1, 1, child.shared());
    const Counter counter = child.counter("shop_orders_total", {"city"});
    counter.with({"a \"b\" \\ c\n\t\x01ä"}).increment(1.5);
    counter.with({""}).increment();
    child.gauge("shop_waiting", GaugeMerge::Max).set(-std::numeric_limits<double>::infinity());
    const Histogram histogram = child.histogram("shop_search_seconds", {0.1, 1}, {"city"});
    for (const double seconds : {0.05, 0.5, 5.0})
        histogram.with({"x"}).observe(seconds);
    QProcess process;
    process.start(promtool, {u"check"_s, u"metrics"_s});
    process.write(exposition(metrics.collect(), "test"));
    process.closeWriteChannel();
    QVERIFY(process.waitForFinished());
    QCOMPARE(QString::fromUtf8(process.readAllStandardError() + process.readAllStandardOutput()), QString());
    QCOMPARE(process.exitCode(), 0);
}

QTEST_GUILESS_MAIN(TestPluginMetrics)
#include "tst_pluginmetrics.moc"
