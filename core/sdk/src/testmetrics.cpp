#include "testharness_p.h"

#include <bit>
#include <cmath>

namespace Quern {

namespace {

double realOf(const MetricCell &cell)
{
    return std::bit_cast<double>(cell.bits.load(std::memory_order_relaxed));
}

double wholeOf(const MetricCell &cell)
{
    return double(cell.bits.load(std::memory_order_relaxed));
}

/// Of the sample \a part, "_count" or "_sum", of a histogram, or the value of another.
double valueOf(const MetricDefinition &metric, const MetricCell *cells, QByteArrayView part)
{
    if (metric.kind == MetricKind::Counter)
        return wholeOf(cells[0]) + realOf(cells[1]);
    if (metric.kind == MetricKind::Gauge)
        return realOf(cells[0]);
    const std::size_t buckets = metric.bounds.size() + 1;
    if (part == "_sum")
        return realOf(cells[buckets]);
    double count = 0;
    for (std::size_t i = 0; i < buckets; ++i)
        count += wholeOf(cells[i]);
    return count;
}

} // namespace

std::optional<double> TestHarnessPrivate::metric(QByteArrayView sample,
                                                 const QMap<QByteArray, QByteArray> &labels) const
{
    for (const std::shared_ptr<MetricFamilyCore> &family : m_application->metrics) {
        const MetricDefinition &metric = family->definition();
        if (!sample.startsWith(metric.name) || labels.size() != metric.labels.size())
            continue;
        const QByteArrayView part = sample.sliced(metric.name.size());
        if (metric.kind == MetricKind::Histogram ? part != "_count" && part != "_sum" : !part.isEmpty())
            continue;
        std::vector<QByteArrayView> values;
        for (const QByteArray &label : metric.labels) {
            const auto found = labels.constFind(label);
            if (found == labels.cend())
                return std::nullopt;
            values.push_back(*found);
        }
        const MetricCell *cells = family->findSeries(values);
        const double value = cells != nullptr ? valueOf(metric, cells, part) : std::nan("");
        return std::isnan(value) ? std::nullopt : std::optional(value);
    }
    return std::nullopt;
}

std::optional<double> TestHarness::metric(QByteArrayView sample, const QMap<QByteArray, QByteArray> &labels) const
{
    return d->metric(sample, labels);
}

} // namespace Quern
