#include "harnesssupport.h"

#include <Quern/metrics.h>

#include <QStringList>
#include <QTest>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace Qt::Literals::StringLiterals;
using namespace Quern;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double noNumber = std::numeric_limits<double>::quiet_NaN();

QStringList logged;

void keepLog(QtMsgType, const QMessageLogContext &, const QString &text)
{
    logged.append(text);
}

/// Keeps what is logged while it lives.
struct LogKeeper
{
    LogKeeper() : before(qInstallMessageHandler(keepLog)) { logged.clear(); }
    ~LogKeeper() { qInstallMessageHandler(before); }
    Q_DISABLE_COPY_MOVE(LogKeeper)

    QtMessageHandler before;
};

} // namespace

/// Metrics as their author registers, counts and tests them.
class TestMetrics : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void counts();
    void gauges();
    void observes();
    void refusals_data();
    void refusals();
    void isOverAfterInstall();
    void valuesOfLabels_data();
    void valuesOfLabels();
    void wrongNumberOfValues();
    void seriesAreBounded();
    void areaIsBounded();
    void familiesAreBounded();
    void manyThreads();
    void handlesOutliveAll();
};

void TestMetrics::counts()
{
    Counter plain;
    Counter byCity;
    ::Server server([&](Application &app) {
        plain = app.counter("shop_orders_total", "Orders taken.");
        byCity = app.counter("shop_visits_total", "Visits.", {"city", "way"});
    });
    QVERIFY2(server.harness.installed().ok(), "install() threw");
    const auto value = [&server](QByteArrayView name) { return server.harness.metric(name); };
    QCOMPARE(value("shop_orders_total"), 0.0);
    plain.increment();
    plain.increment(2);
    plain.increment(0.5);
    plain.increment(0);
    QCOMPARE(value("shop_orders_total"), 3.5);
    for (const double ignored : {-1.0, -0.25, noNumber, infinite, -infinite})
        plain.increment(ignored);
    QCOMPARE(value("shop_orders_total"), 3.5);
    plain.increment(1e15);
    plain.increment(4294967296.0);
    QCOMPARE(value("shop_orders_total"), 1e15 + 4294967296.0 + 3.5);

    const Counter berlin = byCity.with({"berlin", "tram"});
    byCity.with({"berlin", "foot"}).increment(5);
    berlin.increment();
    byCity.with({"berlin", "tram"}).increment();
    QCOMPARE(server.harness.metric("shop_visits_total", {{"way", "tram"}, {"city", "berlin"}}), 2.0);
    QCOMPARE(server.harness.metric("shop_visits_total", {{"city", "berlin"}, {"way", "foot"}}), 5.0);
    for (const auto &unknown : {QMap<QByteArray, QByteArray>{},
                                {{"city", "berlin"}},
                                {{"city", "berlin"}, {"way", "car"}},
                                {{"city", "berlin"}, {"road", "tram"}}})
        QVERIFY(!server.harness.metric("shop_visits_total", unknown).has_value());
    QVERIFY(!value("shop_orders").has_value());
    QVERIFY(!value("shop_orders_total_count").has_value());

    Counter().increment();
    QVERIFY(Counter().with({"x"}).isNull());
    QVERIFY(!berlin.isNull());
}

void TestMetrics::gauges()
{
    Gauge sum;
    Gauge most;
    ::Server server([&](Application &app) {
        sum = app.gauge("shop_waiting", "Orders that wait.");
        most = app.gauge("shop_oldest_seconds", "Age of the oldest.", {"city"}, GaugeMerge::Max);
    });
    QVERIFY2(server.harness.installed().ok(), "install() threw");
    QCOMPARE(server.harness.metric("shop_waiting"), 0.0);
    sum.set(7);
    sum.increment();
    sum.decrement(2.5);
    sum.increment(noNumber);
    QCOMPARE(server.harness.metric("shop_waiting"), 5.5);
    sum.set(noNumber);
    QVERIFY(!server.harness.metric("shop_waiting").has_value());

    const Gauge berlin = most.with({"berlin"});
    QVERIFY(!server.harness.metric("shop_oldest_seconds", {{"city", "berlin"}}).has_value());
    berlin.decrement();
    QCOMPARE(server.harness.metric("shop_oldest_seconds", {{"city", "berlin"}}), -1.0);
    Gauge().set(1);
    QVERIFY(Gauge().with({}).isNull());
}

void TestMetrics::observes()
{
    Histogram sizes;
    Histogram times;
    ::Server server([&](Application &app) {
        sizes = app.histogram("shop_order_bytes", "Sizes of orders.", {1, 10, 100}, {"city"});
        times = app.histogram("shop_search_seconds", "Times of searches.");
    });
    QVERIFY2(server.harness.installed().ok(), "install() threw");
    const Histogram berlin = sizes.with({"berlin"});
    for (const double value : {0.5, 1.0, 1.5, 100.0, 101.0, noNumber, infinite, -infinite})
        berlin.observe(value);
    QCOMPARE(server.harness.metric("shop_order_bytes_count", {{"city", "berlin"}}), 5.0);
    QCOMPARE(server.harness.metric("shop_order_bytes_sum", {{"city", "berlin"}}), 204.0);
    QVERIFY(!server.harness.metric("shop_order_bytes", {{"city", "berlin"}}).has_value());

    times.observe(1500ms);
    times.observe(std::chrono::minutes(1));
    QCOMPARE(server.harness.metric("shop_search_seconds_sum"), 61.5);
    {
        const auto timer = times.time();
        QCOMPARE(server.harness.metric("shop_search_seconds_count"), 2.0);
    }
    QCOMPARE(server.harness.metric("shop_search_seconds_count"), 3.0);
    QVERIFY(server.harness.metric("shop_search_seconds_sum") > 61.5);
    Histogram().observe(1);
    QVERIFY(Histogram().with({}).isNull());
}

void TestMetrics::refusals_data()
{
    using Register = std::function<void(Application &)>;
    QTest::addColumn<Register>("wrong");
    QTest::addColumn<QString>("message");
    const auto row = [](const char *title, const Register &wrong, const QString &message) {
        QTest::newRow(title) << wrong << message;
    };
    const auto counterRow = [row](const char *title, const QByteArray &name, const QString &message) {
        row(
            title, [name](Application &app) { app.counter(name, "Help."); }, message);
    };
    const auto labelRow = [row](const char *title, const QByteArrayList &labels, const QString &message) {
        row(
            title, [labels](Application &app) { app.counter("a_total", "Help.", labels); }, message);
    };
    const auto bucketRow = [row](const char *title, const QList<double> &buckets, const QString &message) {
        row(
            title, [buckets](Application &app) { app.histogram("a_bytes", "Help.", buckets); }, message);
    };
    counterRow("no name", "",
               u"counter \"\" has a name that Prometheus does not take: use letters, digits, '_' and ':', "
               "and no digit at the beginning"_s);
    counterRow("a digit in front", "1a_total", u"counter \"1a_total\" has a name that Prometheus does not take"_s);
    counterRow("a dash", "shop-orders_total", u"has a name that Prometheus does not take"_s);
    counterRow("a letter that is none of ASCII", "größe_total", u"has a name that Prometheus does not take"_s);
    counterRow("a long name", QByteArray(123, 'a') + "_total", u"has a name of 129 bytes: use 128 at most"_s);
    counterRow("no total", "shop_orders",
               u"counter \"shop_orders\" does not end in _total, as a counter has to: call it \"shop_orders_total\""_s);
    for (const QByteArray &prefix : QByteArrayList{"quern_", "http_server_", "process_", "system_"})
        counterRow(prefix, prefix + "a_total",
                   u"begins with %1, as the server's own metrics do: begin with the name of the plugin"_s.arg(
                       QString::fromUtf8(prefix)));
    row(
        "a gauge of totals", [](Application &app) { app.gauge("shop_orders_total", "Help."); },
        u"gauge \"shop_orders_total\" ends in _total, as only a counter may: choose another end, or make it a counter"_s);
    row(
        "a histogram of totals", [](Application &app) { app.histogram("shop_total", "Help."); },
        u"histogram \"shop_total\" ends in _total"_s);
    for (const QByteArray &suffix : QByteArrayList{"_bucket", "_sum", "_count"}) {
        row(
            "gauge" + suffix, [suffix](Application &app) { app.gauge("shop" + suffix, "Help."); },
            u"ends in %1, as the parts of a histogram do: choose another end"_s.arg(QString::fromUtf8(suffix)));
        row(
            "histogram" + suffix, [suffix](Application &app) { app.histogram("shop" + suffix, "Help."); },
            u"ends in %1, as the parts of a histogram do"_s.arg(QString::fromUtf8(suffix)));
    }
    row(
        "a name twice",
        [](Application &app) {
            app.counter("a_total", "Help.");
            app.counter("a_total", "Help.");
        },
        u"counter \"a_total\" of plugin \"Plugin\" has the name of one of plugin \"Plugin\": rename or remove one of "
        "them"_s);
    row(
        "no help", [](Application &app) { app.counter("a_total", ""); },
        u"counter \"a_total\" has no help: say in a sentence what it counts"_s);
    row(
        "blank help", [](Application &app) { app.counter("a_total", " \t"); }, u"has no help"_s);
    row(
        "long help", [](Application &app) { app.counter("a_total", QByteArray(501, 'x')); },
        u"has a help that is too long or no UTF-8: use 500 bytes at most"_s);
    row(
        "help that is no text", [](Application &app) { app.counter("a_total", "\xff\xfe"); }, u"no UTF-8"_s);
    labelRow("no label", {""}, u"has the label \"\", which Prometheus does not take: use letters, digits and '_'"_s);
    labelRow("a colon", {"a:b"}, u"has the label \"a:b\", which Prometheus does not take"_s);
    labelRow("a control character", {"a\nb"}, u"has the label \"a\\x0ab\", which Prometheus does not take"_s);
    for (const QByteArray &label : QByteArrayList{"le", "quantile", "application", "__name__", "__"})
        labelRow("label " + label, {label},
                 u"has the label \"%1\", which has a meaning of its own: rename it"_s.arg(QString::fromUtf8(label)));
    labelRow("a long label", {QByteArray(65, 'a')}, u"of 65 bytes: use 64 at most"_s);
    labelRow("a label twice", {"a", "b", "a"}, u"has the label \"a\" twice: remove or rename one of them"_s);
    labelRow("many labels", {"a", "b", "c", "d", "e", "f", "g", "h", "i"}, u"has 9 labels: give it 8 at most"_s);
    bucketRow("falling buckets", {1, 3, 2}, u"has buckets whose bounds do not rise: sort them, and name each once"_s);
    bucketRow("equal buckets", {1, 1}, u"whose bounds do not rise"_s);
    bucketRow("an infinite bucket", {1, infinite}, u"has a bucket without a finite bound"_s);
    bucketRow("a bucket of no number", {noNumber}, u"has a bucket without a finite bound"_s);
    QList<double> many;
    for (int i = 0; i < 65; ++i)
        many.append(i);
    bucketRow("many buckets", many, u"has 65 buckets: give it 1 to 64"_s);
}

void TestMetrics::refusals()
{
    using Register = std::function<void(Application &)>;
    QFETCH(Register, wrong);
    QFETCH(QString, message);
    ::Server server(wrong);
    QVERIFY(!server.harness.installed());
    QVERIFY2(server.harness.installed().error().message().contains(message),
             qPrintable(server.harness.installed().error().message()));
    // What was refused is not there.
    QVERIFY(!server.harness.metric("a_total").has_value());
}

void TestMetrics::isOverAfterInstall()
{
    Application *kept = nullptr;
    ::Server server([&kept](Application &app) { kept = &app; });
    QVERIFY_THROWS_EXCEPTION(std::logic_error, kept->counter("a_total", "Help."));
    QVERIFY_THROWS_EXCEPTION(std::logic_error, kept->gauge("a", "Help."));
    QVERIFY_THROWS_EXCEPTION(std::logic_error, kept->histogram("a_seconds", "Help."));
}

void TestMetrics::valuesOfLabels_data()
{
    QTest::addColumn<QByteArray>("given");
    QTest::addColumn<QByteArray>("kept");
    const QByteArray longest(128, 'a');
    QTest::newRow("empty") << QByteArray() << QByteArray();
    QTest::newRow("control characters") << QByteArray("a\nb\0c\"\\", 7) << QByteArray("a\nb\0c\"\\", 7);
    QTest::newRow("the longest") << longest << longest;
    QTest::newRow("one byte more") << longest + 'b' << longest;
    QTest::newRow("between two bytes of a character") << longest.first(127) + "äb" << longest.first(127);
    QTest::newRow("between the last two of four") << longest.first(125) + "\xf0\x9f\x8d\xa9" << longest.first(125);
    QTest::newRow("no UTF-8") << QByteArray("a\xff"
                                            "b")
                              << QByteArray("a\xef\xbf\xbd"
                                            "b");
    QTest::newRow("much that is no UTF-8") << QByteArray(1000, '\xff') << QByteArray("\xef\xbf\xbd").repeated(42);
}

void TestMetrics::valuesOfLabels()
{
    QFETCH(QByteArray, given);
    QFETCH(QByteArray, kept);
    Counter counter;
    ::Server server([&counter](Application &app) { counter = app.counter("a_total", "Help.", {"value"}); });
    counter.with({given}).increment();
    counter.with({kept}).increment();
    QCOMPARE(server.harness.metric("a_total", {{"value", kept}}), 2.0);
}

void TestMetrics::wrongNumberOfValues()
{
    Counter counter;
    ::Server server([&counter](Application &app) { counter = app.counter("a_total", "Help.", {"one", "two"}); });
    const LogKeeper keeper;
    counter.with({"x"}).increment();
    counter.with({"x", "", "z"}).increment();
    counter.increment();
    QCOMPARE(server.harness.metric("a_total", {{"one", "x"}, {"two", ""}}), 2.0);
    QCOMPARE(server.harness.metric("a_total", {{"one", ""}, {"two", ""}}), 1.0);
    QCOMPARE(logged,
             QStringList(u"counter \"a_total\" of plugin Plugin was given 1 values for 2 labels: call with() with "
                         "one for each, or what is missing is empty"_s));
}

void TestMetrics::seriesAreBounded()
{
    Counter counter;
    ::Server server([&counter](Application &app) { counter = app.counter("a_total", "Help.", {"one", "two"}); });
    const LogKeeper keeper;
    for (int i = 0; i < 1500; ++i)
        counter.with({QByteArray::number(i), "x"}).increment();
    QCOMPARE(server.harness.metric("a_total", {{"one", "0"}, {"two", "x"}}), 1.0);
    QCOMPARE(server.harness.metric("a_total", {{"one", "999"}, {"two", "x"}}), 1.0);
    QVERIFY(!server.harness.metric("a_total", {{"one", "1000"}, {"two", "x"}}).has_value());
    QCOMPARE(server.harness.metric("a_total", {{"one", "other"}, {"two", "other"}}), 500.0);
    counter.with({"5", "x"}).increment();
    counter.with({"other", "other"}).increment();
    QCOMPARE(server.harness.metric("a_total", {{"one", "5"}, {"two", "x"}}), 2.0);
    QCOMPARE(server.harness.metric("a_total", {{"one", "other"}, {"two", "other"}}), 501.0);
    QCOMPARE(logged,
             QStringList(u"counter \"a_total\" of plugin Plugin has 1000 series in this process, and no room for "
                         "more: others are counted as \"other\"; use labels of which there are few values"_s));
}

void TestMetrics::areaIsBounded()
{
    std::vector<Histogram> families;
    QList<double> buckets;
    for (int i = 0; i < 64; ++i)
        buckets.append(i);
    ::Server server([&](Application &app) {
        for (int i = 0; i < 20; ++i)
            families.push_back(app.histogram("a" + QByteArray::number(i) + "_bytes", "Help.", buckets, {"value"}));
    });
    QVERIFY2(server.harness.installed().ok(), "install() threw");
    const LogKeeper keeper;
    // 256 KiB take some 450 of these series.
    for (int i = 0; i < 900; ++i)
        families[0].with({QByteArray::number(i)}).observe(1);
    const std::optional<double> others = server.harness.metric("a0_bytes_count", {{"value", "other"}});
    QVERIFY(others > 400 && others < 600);
    QCOMPARE(logged.size(), 1);
    // The others have no room for any but that which was set aside for them.
    for (std::size_t i = 1; i < families.size(); ++i) {
        families[i].with({"x"}).observe(1);
        const QByteArray sample = "a" + QByteArray::number(qsizetype(i)) + "_bytes_count";
        QCOMPARE(server.harness.metric(sample, {{"value", "other"}}), 1.0);
    }
    QCOMPARE(logged.size(), 20);
}

void TestMetrics::familiesAreBounded()
{
    const auto many = [](int count, const QByteArray &help) {
        return [count, help](Application &app) {
            for (int i = 0; i < count; ++i)
                app.counter("a" + QByteArray::number(i) + "_total", help);
        };
    };
    QVERIFY(::Server(many(1000, "Help.")).harness.installed().ok());
    for (const ::Server &server : {::Server(many(1001, "Help.")), ::Server(many(1000, QByteArray(400, 'x')))}) {
        const Result<void> &installed = server.harness.installed();
        QVERIFY(!installed);
        QVERIFY2(
            installed.error().message().contains(u"_total\" has no room: the metrics of a process take 256 KiB, and "
                                                 "are 1000 at most; register fewer, or one with a label"_s),
            qPrintable(installed.error().message()));
    }
}

void TestMetrics::manyThreads()
{
    constexpr int threads = 8;
    constexpr int rounds = 20'000;
    Counter counter;
    Counter byValue;
    Gauge gauge;
    Histogram histogram;
    ::Server server([&](Application &app) {
        counter = app.counter("a_total", "Help.");
        byValue = app.counter("b_total", "Help.", {"value"});
        gauge = app.gauge("c", "Help.");
        histogram = app.histogram("d_seconds", "Help.", {1, 2}, {"value"});
    });
    std::vector<std::thread> crowd;
    for (int i = 0; i < threads; ++i) {
        crowd.emplace_back([&] {
            for (int round = 0; round < rounds; ++round) {
                counter.increment();
                counter.increment(0.5);
                byValue.with({QByteArray::number(round % 100)}).increment();
                gauge.increment();
                histogram.with({QByteArray::number(round % 10)}).observe(round % 4);
            }
        });
    }
    for (std::thread &thread : crowd)
        thread.join();
    QCOMPARE(server.harness.metric("a_total"), threads * rounds * 1.5);
    QCOMPARE(server.harness.metric("c"), double(threads * rounds));
    double values = 0;
    for (int i = 0; i < 100; ++i)
        values += server.harness.metric("b_total", {{"value", QByteArray::number(i)}}).value_or(noNumber);
    QCOMPARE(values, double(threads * rounds));
    double observed = 0;
    for (int i = 0; i < 10; ++i)
        observed += server.harness.metric("d_seconds_count", {{"value", QByteArray::number(i)}}).value_or(noNumber);
    QCOMPARE(observed, double(threads * rounds));
}

void TestMetrics::handlesOutliveAll()
{
    Counter counter;
    {
        const ::Server server([&counter](Application &app) { counter = app.counter("a_total", "Help.", {"value"}); });
    }
    counter.with({"late"}).increment();
    QVERIFY(!counter.isNull());
}

QTEST_GUILESS_MAIN(TestMetrics)
#include "tst_metrics.moc"
