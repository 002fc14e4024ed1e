#include "metrics/histogram.h"

#include <algorithm>

namespace Quern::metrics {

HistogramReading::HistogramReading(std::vector<double> upperBounds)
    : bounds(std::move(upperBounds))
    , counts(bounds.size() + 1)
{
}

void HistogramReading::add(const HistogramReading &other)
{
    for (std::size_t i = 0; i < std::min(counts.size(), other.counts.size()); ++i)
        counts[i] += other.counts[i];
    sum += other.sum;
}

TimeBounds::TimeBounds(std::span<const double> seconds)
    : m_count(std::min(seconds.size(), Most))
    , m_seconds(seconds.begin(), seconds.begin() + std::ptrdiff_t(m_count))
{
    std::transform(m_seconds.begin(), m_seconds.end(), m_nanoseconds.begin(),
                   [](double bound) { return qRound64(bound * 1e9); });
}

HistogramReading TimeHistogram::read() const
{
    HistogramReading reading(m_bounds->seconds());
    for (std::size_t i = 0; i <= m_bounds->count(); ++i)
        reading.counts[i] = m_counts[i].load(std::memory_order_relaxed);
    reading.sum = double(m_sum.load(std::memory_order_relaxed)) / 1e9;
    return reading;
}

} // namespace Quern::metrics
