#pragma once

#include <Quern/global.h>

#include <QByteArrayView>

#include <chrono>
#include <initializer_list>
#include <memory>

namespace Quern {

class MetricFamilyCore;
struct MetricCell;

/// How the gauges of the processes become one. Only those of processes that live are asked.
enum class GaugeMerge : quint8 {
    Sum = 0, ///< all together, such as items that wait
    Max = 1, ///< the highest, such as the age of the oldest item
    Min = 2, ///< the lowest, such as what is left of a budget
};

/// A number that grows: orders taken, bytes sent. Made by Application::counter(), and to be used from any thread of any
/// process. A cheap handle, whose copies are the same; it may be kept for as long as one likes.
///
/// Prometheus reads the sum over all processes of the server, those that have ended included. A call takes some
/// nanoseconds, waits for nobody and never fails.
///
///     m_orders = app.counter("shop_orders_total", "Orders taken.", {"city"});
///     m_berlin = m_orders.with({"berlin"});
///     m_berlin.increment();
///
/// A null handle counts nothing.
class QUERN_EXPORT Counter
{
public:
    Counter() = default; ///< a null one
    /// Made by Application.
    Counter(std::shared_ptr<MetricFamilyCore> family, MetricCell *cells);

    bool isNull() const { return !m_family; } ///< no counter

    /// The series with these values of the labels, in the order of their names in the registration. It is there from
    /// the first call on. A look-up takes a fraction of a microsecond: keep what you use often.
    ///
    /// Values are UTF-8, and cut at 128 bytes. Choose such as are few: a process keeps 1,000 series of a metric, and
    /// what is more is counted in one whose values are all "other". Values that are missing are empty, and superfluous
    /// ones are dropped; the log tells either once.
    Counter with(std::initializer_list<QByteArrayView> values) const;

    /// Adds \a by. What is negative, infinite or no number is not counted. A metric with labels that was not given any
    /// by with() counts as if they were empty.
    void increment(double by = 1) const;

private:
    std::shared_ptr<MetricFamilyCore> m_family;
    MetricCell *m_cells = nullptr; ///< null: of no series yet
};

/// A number that goes up and down: items that wait, the temperature. Made by Application::gauge(); threads, lifetime
/// and null handles are those of a Counter. A cheap handle.
///
/// Each process has its own, and Prometheus reads what GaugeMerge makes of them; that of a process is gone when it
/// ends, and begins anew in its successor.
class QUERN_EXPORT Gauge
{
public:
    Gauge() = default; ///< a null one
    /// Made by Application.
    Gauge(std::shared_ptr<MetricFamilyCore> family, MetricCell *cells);

    bool isNull() const { return !m_family; } ///< no gauge

    /// See Counter::with().
    Gauge with(std::initializer_list<QByteArrayView> values) const;

    /// Makes it \a value. NaN: this process has nothing to say, as it has with Max and Min before its first call; with
    /// Sum it begins with 0. What no process has a value of is not shown.
    void set(double value) const;
    /// Adds \a by, or takes it away. NaN is dropped.
    void increment(double by = 1) const;
    void decrement(double by = 1) const;

private:
    std::shared_ptr<MetricFamilyCore> m_family;
    MetricCell *m_cells = nullptr; ///< null: of no series yet
};

class HistogramTimer;

/// How often values of which size were seen: times in seconds, sizes in bytes. Made by Application::histogram();
/// threads, lifetime and null handles are those of a Counter. A cheap handle.
///
/// Prometheus reads the sum over all processes, as of a Counter.
class QUERN_EXPORT Histogram
{
public:
    Histogram() = default; ///< a null one
    /// Made by Application.
    Histogram(std::shared_ptr<MetricFamilyCore> family, MetricCell *cells);

    bool isNull() const { return !m_family; } ///< no histogram

    /// See Counter::with().
    Histogram with(std::initializer_list<QByteArrayView> values) const;

    /// Counts \a value in the first bucket whose bound is no less. Infinity and NaN are dropped. Negative values make
    /// the sum fall, which Prometheus takes for a restart.
    void observe(double value) const;
    /// The same of a time, in seconds.
    template <typename Rep, typename Period>
    void observe(std::chrono::duration<Rep, Period> time) const
    {
        observe(std::chrono::duration<double>(time).count());
    }
    /// Observes how long what is returned lives, in seconds:
    ///
    ///     const auto timer = m_search.time();
    [[nodiscard]] HistogramTimer time() const;

private:
    std::shared_ptr<MetricFamilyCore> m_family;
    MetricCell *m_cells = nullptr; ///< null: of no series yet
};

/// Made by Histogram::time(): observes the seconds from then to its own end. A value type of one scope, in one thread.
class QUERN_EXPORT HistogramTimer
{
public:
    /// Begins now.
    explicit HistogramTimer(Histogram histogram);
    ~HistogramTimer();
    Q_DISABLE_COPY_MOVE(HistogramTimer)

private:
    const Histogram m_histogram;
    const std::chrono::steady_clock::time_point m_begin;
};

} // namespace Quern
