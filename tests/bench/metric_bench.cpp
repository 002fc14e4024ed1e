// What it costs a plugin to count: nanoseconds of processor time for each call, in one thread and in several that count
// by the same series; what a request of the server costs; and what it costs the master to read 8 processes with 1,000
// series each. Prints one JSON object.
//
//     metric_bench [seconds of each measurement]

#include "metrics/pluginmetrics.h"
#include "metrics/requestmeter.h"
#include "sdk/src/metricarea_p.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>
#include <vector>

using namespace Quern;

namespace {

/// Of processor time that this thread has had: what else runs on the machine does not count.
double secondsUsed()
{
    timespec time = {};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

/// Nanoseconds that one call of \a act takes.
template <typename Act>
double nanosecondsOf(double seconds, const Act &act)
{
    constexpr int batch = 10'000;
    const double start = secondsUsed();
    double calls = 0;
    while (secondsUsed() - start < seconds) {
        for (int i = 0; i < batch; ++i)
            act(i);
        calls += batch;
    }
    return (secondsUsed() - start) / calls * 1e9;
}

template <typename Handle>
Handle handleOf(const std::shared_ptr<MetricArea> &area, const MetricDefinition &definition)
{
    std::shared_ptr<MetricFamilyCore> family = area->addFamily(definition, QStringLiteral("bench"));
    if (!family) {
        std::fputs("metric_bench: there is no room\n", stderr);
        std::exit(1);
    }
    MetricCell *cells = definition.labels.isEmpty() ? family->seriesOf({}) : nullptr;
    return Handle(std::move(family), cells);
}

/// What a reactor does for the metrics with each request: its method, its wait, the window of its worker, and how long
/// it took, among some routes and statuses.
double requestPath(double seconds)
{
    metrics::RequestMeter meter({metrics::TimeBounds(std::vector<double>{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                                         0.25, 0.5, 1.0, 2.5, 10.0}),
                                 {404, 405}});
    metrics::TimeHistogram wait(metrics::waitBounds());
    metrics::NumberHistogram window;
    std::vector<metrics::RouteNumber> routes;
    for (int i = 0; i < 30; ++i)
        routes.push_back(meter.routeOf("/route/" + QByteArray::number(i)));
    const std::vector<QByteArray> methods = {"GET", "POST", "DELETE", "PROPFIND"};
    const std::vector<int> statuses = {200, 200, 200, 302, 500};
    return nanosecondsOf(seconds, [&](int i) {
        const auto number = std::size_t(i);
        wait.record(std::chrono::nanoseconds(i * 50));
        window.record(quint32(i % 64) + 1);
        meter.record(metrics::httpMethod(methods[number % methods.size()]), routes[number % routes.size()],
                     statuses[number % statuses.size()], std::chrono::microseconds(i));
    });
}

} // namespace

int main(int argc, char **argv)
{
    const double seconds = argc > 1 ? std::atof(argv[1]) : 0.5;
    const auto area = MetricArea::makePrivate();
    constexpr GaugeMerge sum = GaugeMerge::Sum;
    const auto counter = handleOf<Counter>(area, {MetricKind::Counter, sum, "a_total", "Bench.", {}, {}});
    const auto byCity = handleOf<Counter>(area, {MetricKind::Counter, sum, "b_total", "Bench.", {"city"}, {}});
    const auto gauge = handleOf<Gauge>(area, {MetricKind::Gauge, sum, "c", "Bench.", {}, {}});
    const std::vector<double> bounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
    const auto histogram = handleOf<Histogram>(area, {MetricKind::Histogram, sum, "d_seconds", "Bench.", {}, bounds});

    const double increment = nanosecondsOf(seconds, [&](int) { counter.increment(); });
    const double fraction = nanosecondsOf(seconds, [&](int) { counter.increment(0.5); });
    const double set = nanosecondsOf(seconds, [&](int i) { gauge.set(i); });
    const double observe = nanosecondsOf(seconds, [&](int i) { histogram.observe(double(i) * 0.001); });
    const double with = nanosecondsOf(seconds, [&](int) { byCity.with({"berlin"}).increment(); });

    const double request = requestPath(seconds);

    metrics::PluginMetrics master;
    master.activate(1);
    for (quint64 child = 0; child < 8; ++child) {
        const auto other = MetricArea::makePrivate();
        const auto counted = handleOf<Counter>(other, {MetricKind::Counter, sum, "a_total", "Bench.", {"number"}, {}});
        for (int i = 0; i < 1000; ++i)
            counted.with({QByteArray::number(i)}).increment();
        master.add(child, 1, {{other, other->bytes().data()}, other->bytes().size()});
    }
    const double collectBegin = secondsUsed();
    constexpr int collections = 10;
    for (int i = 0; i < collections; ++i)
        master.collect();
    const double collect = (secondsUsed() - collectBegin) / collections * 1e9;

    std::vector<std::thread> threads;
    std::atomic<double> contended = 0;
    constexpr int threadCount = 4;
    for (int i = 0; i < threadCount; ++i)
        threads.emplace_back(
            [&] { contended.fetch_add(nanosecondsOf(seconds, [&](int) { counter.increment(); }) / threadCount); });
    for (std::thread &thread : threads)
        thread.join();
    std::printf("{\"request\": %.1f, \"increment\": %.1f, \"fraction\": %.1f, \"set\": %.1f, \"observe\": %.1f, "
                "\"with\": %.1f, "
                "\"contended\": %.1f, \"collect\": %.0f}\n",
                request, increment, fraction, set, observe, with, contended.load(), collect);
    return 0;
}
