#pragma once

#include "base/counter.h"

#include <QtGlobal>

#include <array>
#include <atomic>
#include <chrono>
#include <span>
#include <vector>

namespace Quern::metrics {

/// What a histogram held when it was looked at. A plain value.
struct HistogramReading
{
    std::vector<double> bounds;  ///< upper ones, rising, in the unit of the metric; without +Inf
    std::vector<quint64> counts; ///< of each bucket alone; one more than bounds: what lies above the last
    double sum = 0;

    explicit HistogramReading(std::vector<double> upperBounds = {});
    /// Adds what another with the same bounds held.
    void add(const HistogramReading &other);
};

/// Upper bounds of the buckets of several histograms of times. Does not change; any thread.
class TimeBounds
{
public:
    static constexpr std::size_t Most = 32;

    /// \a seconds are rising, positive, and Most at most.
    explicit TimeBounds(std::span<const double> seconds);

    std::size_t count() const { return m_count; }
    const std::vector<double> &seconds() const { return m_seconds; }
    /// The bucket that \a time belongs to: the first whose bound is no less, or count().
    std::size_t bucketOf(std::chrono::nanoseconds time) const
    {
        std::size_t bucket = 0;
        while (bucket < m_count && time.count() > m_nanoseconds[bucket])
            ++bucket;
        return bucket;
    }

private:
    std::array<qint64, Most> m_nanoseconds = {};
    std::size_t m_count = 0;
    std::vector<double> m_seconds;
};

/// For waits inside of the server, which should be short: from 0.1 ms to 10 s.
const TimeBounds &waitBounds();

/// How often numbers of which size have been seen, in buckets up to 1, 2, 4 … 64 and above. One thread writes, any
/// thread reads.
class NumberHistogram
{
public:
    void record(quint32 number)
    {
        std::size_t bucket = 0;
        while (bucket + 1 < Buckets && number > 1U << bucket)
            ++bucket;
        base::addTo(m_counts[bucket], 1);
        base::addTo(m_sum, number);
    }
    HistogramReading read() const;

private:
    static constexpr std::size_t Buckets = 8;

    std::array<std::atomic<quint64>, Buckets> m_counts = {};
    std::atomic<quint64> m_sum = 0;
};

/// How often times of which length have been seen. One thread writes, any thread reads: a reader may see a time in its
/// bucket and not in the sum yet.
class TimeHistogram
{
public:
    /// \a bounds outlives it.
    explicit TimeHistogram(const TimeBounds &bounds) : m_bounds(&bounds) {}

    void record(std::chrono::nanoseconds time)
    {
        base::addTo(m_counts[m_bounds->bucketOf(time)], 1);
        base::addTo(m_sum, quint64(qMax<qint64>(time.count(), 0)));
    }
    HistogramReading read() const;

private:
    // The first buckets, where most times fall, lie beside the sum: in one line of the processor's cache.
    const TimeBounds *m_bounds;
    std::atomic<quint64> m_sum = 0; ///< nanoseconds
    std::array<std::atomic<quint64>, TimeBounds::Most + 1> m_counts = {};
};

} // namespace Quern::metrics
