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

const TimeBounds &waitBounds()
{
    static const TimeBounds bounds(
        std::array{0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0});
    return bounds;
}

HistogramReading NumberHistogram::read() const
{
    HistogramReading reading({1, 2, 4, 8, 16, 32, 64});
    for (std::size_t i = 0; i < Buckets; ++i)
        reading.counts[i] = m_counts[i].load(std::memory_order_relaxed);
    reading.sum = double(m_sum.load(std::memory_order_relaxed));
    return reading;
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
