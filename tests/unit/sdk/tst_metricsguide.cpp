// What the guide to metrics shows, resources/docs/metrics.md, compiled and run. It is written as an author writes it,
// with literals for QString.
#undef QT_NO_CAST_FROM_ASCII
#undef QT_NO_CAST_TO_ASCII

#include "guidesupport.h"

#include <Quern/handlerplugin.h>
#include <Quern/testharness.h>

#include <QTest>

using namespace Quern;

namespace {

class Shop final : public QObject, public HandlerPlugin
{
    Q_OBJECT
    Q_INTERFACES(Quern::HandlerPlugin)

public:
    // clang-format off
    void install(Quern::Application &app) override
    {
        m_orders = app.counter("shop_orders_total", "Orders taken.", {"city"});
        m_waiting = app.gauge("shop_waiting_orders", "Orders that wait to be packed.");
        m_oldest = app.gauge("shop_oldest_order_seconds", "Age of the oldest order.", {}, Quern::GaugeMerge::Max);
        m_search = app.histogram("shop_search_seconds", "How long searches took.");
        m_sizes = app.histogram("shop_order_bytes", "Sizes of orders.", {100, 1000, 10000}, {"city"});

        app.get("/order/:city", [this](const Request &request, Response &) { order(request); });
    }

    void order(const Request &request)
    {
    m_orders.with({"berlin"}).increment();
    m_orders.with({request.param("city").toUtf8()}).increment(2);

    m_waiting.set(3);
    m_waiting.increment();
    m_waiting.decrement(2);
    m_oldest.set(12.5);

    m_sizes.with({"berlin"}).observe(double(request.body().size()));
    m_search.observe(std::chrono::milliseconds(20));
    {
        const auto timer = m_search.time();   // until the end of the scope
        search();
    }
    }
    // clang-format on

private:
    void search() {}

    Counter m_orders;
    Gauge m_waiting;
    Gauge m_oldest;
    Histogram m_search;
    Histogram m_sizes;
};

} // namespace

class TestMetricsGuide : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everySnippetIsHere();
    void worksAsSaid();
};

void TestMetricsGuide::everySnippetIsHere()
{
    const QStringList snippets = guide::snippets(GUIDE);
    QCOMPARE(snippets.size(), 5);
    for (const QString &snippet : snippets)
        QCOMPARE(guide::missingOf(snippet, THIS_SOURCE), QString());
}

void TestMetricsGuide::worksAsSaid()
{
    Shop shop;
    // clang-format off
    Quern::TestHarness harness(shop);
    QVERIFY(harness.get("/order/berlin").status == 200);
    QCOMPARE(harness.metric("shop_orders_total", {{"city", "berlin"}}), 3.0);
    QCOMPARE(harness.metric("shop_search_seconds_count"), 2.0);   // and _sum
    // clang-format on
    QVERIFY(harness.metric("shop_search_seconds_sum") >= 0.02);
    QCOMPARE(harness.metric("shop_waiting_orders"), 2.0);
    QCOMPARE(harness.metric("shop_oldest_order_seconds"), 12.5);
    QCOMPARE(harness.metric("shop_order_bytes_sum", {{"city", "berlin"}}), 0.0);
    QCOMPARE(harness.metric("shop_order_bytes_count", {{"city", "berlin"}}), 1.0);
}

QTEST_GUILESS_MAIN(TestMetricsGuide)
#include "tst_metricsguide.moc"
