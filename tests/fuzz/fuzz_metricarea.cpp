#include "fuzzsupport.h"

#include "metrics/exposition.h"
#include "metrics/pluginmetrics.h"
#include "sdk/src/metricarea_p.h"

#include <cstring>
#include <vector>

using namespace Quern;
using namespace Quern::metrics;
using fuzz::fail;

namespace {

/// What the rest of the server relies on.
void check(const AreaReading &reading)
{
    for (const PluginFamily &family : reading.families) {
        const MetricDefinition &definition = family.definition;
        if (!flawOfMetric(definition).empty())
            fail("a metric that Prometheus does not take", definition.name);
        for (const PluginSeries &series : family.series) {
            if (series.counts.size() + 1 != definition.cells() ||
                series.values.size() != std::size_t(definition.labels.size()))
                fail("a series that is not as its family says", definition.name);
        }
    }
}

} // namespace

/// The input is what a child has left in its memory.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    std::vector<quint64> area(qMin(size, MetricArea::DefaultBytes) / sizeof(quint64));
    if (!area.empty())
        std::memcpy(area.data(), data, area.size() * sizeof(quint64));
    // The whole of it, whatever it says of its length.
    const AreaReading whole = readArea(area);
    check(whole);
    const std::vector<quint64> published = copyOfArea(std::as_bytes(std::span(area)));
    if (published.size() > area.size())
        fail("more was copied than there is");
    check(readArea(published));

    const std::shared_ptr<const void> memory(area.data(), [](const void *) {});
    PluginMetrics metrics;
    metrics.activate(1);
    metrics.add(1, 1, {memory, area.size() * sizeof(quint64)});
    metrics.add(2, 1, {memory, area.size() * sizeof(quint64)});
    std::size_t families = metrics.collect().size();
    metrics.remove(1);
    if (metrics.collect().size() < families)
        fail("a family has gone with a child that was one of two");
    const QByteArray text = exposition(metrics.collect(), "fuzz");
    if (!text.isValidUtf8())
        fail("the text for Prometheus is no UTF-8", text);
    return 0;
}
