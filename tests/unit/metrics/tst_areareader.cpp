#include "metricsupport.h"

#include <QTest>

#include <bit>
#include <cmath>
#include <limits>

using namespace Quern;
using namespace Quern::metrics;

namespace {

/// Of everything something, with labels and without.
struct Sample : Child
{
    Sample()
    {
        counter("a_total").increment(2.5);
        const Counter byCity = counter("b_total", {"city", "way"});
        byCity.with({"berlin", ""}).increment(3);
        byCity.with({"mit \"Anführung\"\n", "tram"}).increment();
        gauge("c", GaugeMerge::Min, {"city"}).with({"berlin"}).set(-1);
        const Histogram sizes = histogram("d_bytes", {1, 10});
        for (const double value : {1.0, 2.0, 3.0, 20.0})
            sizes.observe(value);
    }
};

/// What no area may lead to, whatever stands in it.
bool isSound(const AreaReading &reading)
{
    for (const PluginFamily &family : reading.families) {
        if (!flawOfMetric(family.definition).empty() || family.series.size() > MetricLimits::Series + 1)
            return false;
        for (const PluginSeries &series : family.series) {
            if (series.values.size() != std::size_t(family.definition.labels.size()) ||
                series.counts.size() + 1 != family.definition.cells())
                return false;
        }
    }
    return reading.families.size() <= MetricLimits::Families;
}

} // namespace

class TestAreaReader : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsWhatIsWritten();
    void nothing();
    void whole();
    void truncated();
    void overwritten();
    void flaws_data();
    void flaws();
};

void TestAreaReader::readsWhatIsWritten()
{
    const Sample child;
    const AreaReading reading = readArea(child.copy());
    QVERIFY(!reading.isDamaged);
    QCOMPARE(reading.families.size(), std::size_t(4));
    const PluginFamily &plain = reading.families[0];
    QCOMPARE(plain.definition.name, "a_total");
    QCOMPARE(plain.definition.help, "Help.");
    QCOMPARE(plain.series.size(), std::size_t(1));
    QCOMPARE(plain.series[0].counts, std::vector<quint64>{0});
    QCOMPARE(plain.series[0].number, 2.5);
    const PluginFamily &byCity = reading.families[1];
    QCOMPARE(byCity.definition.labels, (QByteArrayList{"city", "way"}));
    QCOMPARE(byCity.series[0].values, (std::vector<std::string>{"berlin", ""}));
    QCOMPARE(byCity.series[0].counts, std::vector<quint64>{3});
    QCOMPARE(byCity.series[1].values, (std::vector<std::string>{"mit \"Anführung\"\n", "tram"}));
    const PluginFamily &gauge = reading.families[2];
    QVERIFY(gauge.definition.kind == MetricKind::Gauge && gauge.definition.merge == GaugeMerge::Min);
    QCOMPARE(gauge.series[0].number, -1.0);
    const PluginFamily &sizes = reading.families[3];
    QCOMPARE(sizes.definition.bounds, (std::vector<double>{1, 10}));
    QCOMPARE(sizes.series[0].counts, (std::vector<quint64>{1, 2, 1}));
    QCOMPARE(sizes.series[0].number, 26.0);
}

void TestAreaReader::nothing()
{
    const Child child;
    QVERIFY(child.copy().empty());
    const AreaReading reading = readArea({});
    QVERIFY(!reading.isDamaged && reading.families.empty());
    QVERIFY(copyOfArea(child.area->bytes().first(8)).empty());
}

void TestAreaReader::whole()
{
    Child child;
    const Counter counter = child.counter("a_total", {"value"});
    for (int i = 0; i < 2000; ++i)
        counter.with({QByteArray::number(i)}).increment();
    std::vector<double> bounds(64);
    for (std::size_t i = 0; i < bounds.size(); ++i)
        bounds[i] = double(i);
    const Histogram histogram = child.histogram("b_bytes", bounds, {"value"});
    for (int i = 0; i < 2000; ++i)
        histogram.with({QByteArray::number(i)}).observe(1);
    const AreaReading reading = readArea(child.copy());
    QVERIFY(!reading.isDamaged);
    QCOMPARE(reading.families[0].series.size(), MetricLimits::Series + 1);
    QCOMPARE(reading.families[0].series.back().values, std::vector<std::string>{"other"});
    QCOMPARE(reading.families[0].series.back().counts, std::vector<quint64>{1000});
    QCOMPARE(reading.families[1].series.back().values, std::vector<std::string>{"other"});
    // Next to nothing is left.
    QVERIFY(child.copy().size() * 8 > child.area->bytes().size() - 1000);
}

void TestAreaReader::truncated()
{
    const Sample child;
    const std::vector<quint64> copy = child.copy();
    std::size_t families = 0;
    for (std::size_t words = 1; words < copy.size(); ++words) {
        const AreaReading reading = readArea(std::span(copy).first(words));
        QVERIFY(isSound(reading));
        QVERIFY(reading.families.size() >= families);
        families = reading.families.size();
    }
    QCOMPARE(families, std::size_t(4));
    QVERIFY(readArea(std::span(copy).first(1)).isDamaged);
    QVERIFY(readArea(std::span(copy).first(copy.size() - 1)).isDamaged);
}

void TestAreaReader::overwritten()
{
    const Sample child;
    const std::vector<quint64> copy = child.copy();
    int damaged = 0;
    for (std::size_t at = 0; at < copy.size(); ++at) {
        for (const quint64 value : {quint64(0), ~quint64(0), quint64(0x0101010101010101), quint64(8) << 32,
                                    copy[at] + 1, copy[at] ^ (quint64(1) << 63), quint64(0x7ff8000000000000)}) {
            std::vector<quint64> wrong = copy;
            wrong[at] = value;
            const AreaReading reading = readArea(wrong);
            QVERIFY(isSound(reading));
            damaged += reading.isDamaged ? 1 : 0;
        }
    }
    QVERIFY(damaged > int(copy.size()));
    // The length that it tells of itself.
    for (const quint64 used : {quint64(0), quint64(1), quint64(15), quint64(17), quint64(1) << 20, ~quint64(0)}) {
        const Sample other;
        other.words()[1] = used;
        const std::vector<quint64> taken = other.copy();
        QVERIFY(taken.size() * 8 <= other.area->bytes().size());
        QVERIFY(isSound(readArea(taken)));
    }
}

void TestAreaReader::flaws_data()
{
    QTest::addColumn<MetricDefinition>("definition");
    MetricDefinition sound{MetricKind::Counter, GaugeMerge::Sum, "a_total", "Help.", {"city"}, {}};
    const auto row = [&sound](const char *title, const auto &spoil) {
        MetricDefinition definition = sound;
        spoil(definition);
        QTest::newRow(title) << definition;
    };
    row("a name of the server's own", [](MetricDefinition &wrong) { wrong.name = "quern_a_total"; });
    row("a name with a blank", [](MetricDefinition &wrong) { wrong.name = "a b_total"; });
    row("no help", [](MetricDefinition &wrong) { wrong.help.clear(); });
    row("a label that is reserved", [](MetricDefinition &wrong) { wrong.labels = {"application"}; });
    row("an infinite bound", [](MetricDefinition &wrong) {
        wrong = {MetricKind::Histogram,
                 GaugeMerge::Sum,
                 "a_bytes",
                 "Help.",
                 {},
                 {1, std::numeric_limits<double>::infinity()}};
    });
    row("an unknown kind", [](MetricDefinition &wrong) { wrong.kind = MetricKind(3); });
    row("an unknown merge", [](MetricDefinition &wrong) { wrong.merge = GaugeMerge(3); });
}

void TestAreaReader::flaws()
{
    QFETCH(MetricDefinition, definition);
    Child child;
    child.counter("first_total").increment(5);
    // The area does not look at what it is given: Application does.
    QVERIFY(child.area->addFamily(definition, QStringLiteral("plugin")));
    child.counter("last_total").increment();
    const AreaReading reading = readArea(child.copy());
    QVERIFY(reading.isDamaged);
    QCOMPARE(reading.families.size(), std::size_t(1));
    QCOMPARE(reading.families[0].series[0].counts, std::vector<quint64>{5});
}

QTEST_GUILESS_MAIN(TestAreaReader)
#include "tst_areareader.moc"
