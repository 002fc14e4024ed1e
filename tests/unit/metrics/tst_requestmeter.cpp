#include "metrics/requestmeter.h"

#include <QTest>

#include <array>
#include <atomic>
#include <set>
#include <thread>

using namespace Quern::metrics;
using namespace std::chrono_literals;

class tst_RequestMeter : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void requestsAreCountedByMethodRouteAndStatus();
    void methodsAreAFixedSet();
    void ignoredStatusesAreNotCounted();
    void theNumberOfSeriesIsBounded();
    void theNumberOfRoutesIsBounded();
    void metersAddUp();
    void anotherThreadReadsWhileOneWrites();
};

namespace {

RequestMeterSettings settings(std::vector<int> ignored = {})
{
    return {TimeBounds(std::array{0.01, 0.1}), std::move(ignored)};
}

quint64 countOf(const RequestMeter::Series &series)
{
    quint64 count = 0;
    for (const quint64 each : series.times.counts)
        count += each;
    return count;
}

using Key = std::tuple<std::string, std::string, int>;

std::map<Key, quint64> countsOf(const std::vector<RequestMeter::Series> &series)
{
    std::map<Key, quint64> counts;
    for (const RequestMeter::Series &each : series)
        counts[{httpMethodName(each.method), each.route, each.status}] += countOf(each);
    return counts;
}

} // namespace

void tst_RequestMeter::requestsAreCountedByMethodRouteAndStatus()
{
    RequestMeter meter(settings());
    const RouteNumber user = meter.routeOf("/users/:id");
    QCOMPARE(meter.routeOf("/users/:id"), user);
    QVERIFY(meter.routeOf("/users") != user);
    meter.record(HttpMethod::Get, user, 200, 5ms);
    meter.record(HttpMethod::Get, user, 200, 50ms);
    meter.record(HttpMethod::Post, user, 200, 1ms);
    meter.record(HttpMethod::Get, user, 500, 1ms);
    meter.record(HttpMethod::Get, RequestMeter::NoRoute, 404, 1ms);
    meter.record(HttpMethod::Get, RequestMeter::StaticRoute, 200, 1ms);
    meter.record(HttpMethod::Other, RequestMeter::RefusedRoute, 400, 1ms);
    const std::map<Key, quint64> expected = {
        {{"GET", "/users/:id", 200}, 2}, {{"POST", "/users/:id", 200}, 1}, {{"GET", "/users/:id", 500}, 1},
        {{"GET", "unmatched", 404}, 1},  {{"GET", "static", 200}, 1},      {{"other", "refused", 400}, 1},
    };
    QVERIFY(countsOf(meter.read()) == expected);
}

void tst_RequestMeter::methodsAreAFixedSet()
{
    for (const char *name : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
        QCOMPARE(httpMethodName(httpMethod(name)), name);
    for (const char *name : {"", "get", "GETX", "PROPFIND", "other"})
        QCOMPARE(httpMethod(name), HttpMethod::Other);
}

void tst_RequestMeter::ignoredStatusesAreNotCounted()
{
    RequestMeter meter(settings({404, 405}));
    for (const int status : {200, 404, 405})
        meter.record(HttpMethod::Get, RequestMeter::NoRoute, status, 1ms);
    QVERIFY(countsOf(meter.read()) == (std::map<Key, quint64>{{{"GET", "unmatched", 200}, 1}}));
}

void tst_RequestMeter::theNumberOfSeriesIsBounded()
{
    RequestMeter meter(settings());
    constexpr int requests = 5000;
    for (int i = 0; i < requests; ++i)
        meter.record(HttpMethod::Get, meter.routeOf("/r/" + QByteArray::number(i % 1900)), 100 + i % 500, 1ms);
    const std::vector<RequestMeter::Series> series = meter.read();
    QCOMPARE(series.size(), RequestMeter::MostSeries + 1);
    quint64 all = 0;
    for (const RequestMeter::Series &each : series)
        all += countOf(each);
    QCOMPARE(all, quint64(requests));
    QVERIFY(countsOf(series)[Key("other", "other", 0)] > 0);
}

void tst_RequestMeter::theNumberOfRoutesIsBounded()
{
    RequestMeter meter(settings());
    std::set<RouteNumber> numbers;
    for (int i = 0; i < 10'000; ++i)
        numbers.insert(meter.routeOf("/r/" + QByteArray::number(i)));
    QVERIFY(numbers.size() <= RequestMeter::MostRoutes);
    QCOMPARE(meter.routeOf("/r/9999"), RequestMeter::OtherRoute);
    QVERIFY(meter.routeOf("/r/0") != RequestMeter::OtherRoute);
}

void tst_RequestMeter::metersAddUp()
{
    RequestMeter first(settings());
    RequestMeter second(settings());
    second.routeOf("/only/here"); // the same pattern has another number there
    first.record(HttpMethod::Get, first.routeOf("/a"), 200, 1ms);
    second.record(HttpMethod::Get, second.routeOf("/a"), 200, 50ms);
    const std::vector<RequestMeter::Series> sum = sumOf({first.read(), second.read()});
    QCOMPARE(sum.size(), std::size_t(1));
    QCOMPARE(sum[0].times.counts, (std::vector<quint64>{1, 1, 0}));
}

void tst_RequestMeter::anotherThreadReadsWhileOneWrites()
{
    RequestMeter meter(settings());
    std::atomic<bool> isDone = false;
    std::thread writer([&] {
        for (int i = 0; i < 200'000; ++i)
            meter.record(HttpMethod::Get, meter.routeOf("/r/" + QByteArray::number(i % 300)), 200 + i % 3, 1ms);
        isDone = true;
    });
    quint64 last = 0;
    bool fell = false;
    while (!isDone) {
        quint64 all = 0;
        for (const RequestMeter::Series &each : meter.read())
            all += countOf(each);
        fell = fell || all < last;
        last = all;
    }
    writer.join();
    QVERIFY(!fell);
    const auto counts = countsOf(meter.read());
    quint64 all = 0;
    for (const auto &[key, count] : counts)
        all += count;
    QCOMPARE(all, 200'000U);
}

QTEST_GUILESS_MAIN(tst_RequestMeter)
#include "tst_requestmeter.moc"
