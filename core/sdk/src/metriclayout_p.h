#pragma once

#include <Quern/metrics.h>

#include <QByteArray>
#include <QByteArrayList>
#include <QtGlobal>

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

namespace Quern {

// How metrics lie in the memory that a process shares with its master, in the byte order of the machine:
//
//     MetricAreaHeader | record | record | …
//
// Records are appended, and never change but for their cells. A family comes before its series. Whoever reads up to
// MetricAreaHeader::used meets whole records alone; a process that is killed while it appends one leaves no trace of
// it.
//
//     family: MetricFamilyRecord | bounds, 8 bytes each | text of name | help | label | label …  | zeros
//     series: MetricSeriesRecord | cells, 8 bytes each  | text of value | value …                | zeros
//
// A text is its length, u16, and its bytes. Records are multiples of 8 bytes.

/// What a metric is. The numbers are part of the layout: append only.
enum class MetricKind : quint8 {
    Counter = 0,
    Gauge = 1,
    Histogram = 2,
};

/// A number in shared memory: a whole one, or the bits of a double.
struct MetricCell
{
    std::atomic<quint64> bits;
};
static_assert(sizeof(MetricCell) == 8 && std::atomic<quint64>::is_always_lock_free);

struct MetricAreaHeader
{
    static constexpr quint64 Magic = 0x31726574654d6e51; ///< "QnMeter1": changes with the layout

    std::atomic<quint64> magic;
    std::atomic<quint64>
        used; ///< bytes, this header included; 0: there is nothing. Stored when what it counts is there
};

struct MetricRecord
{
    enum Type : quint16 {
        Family = 1,
        Series = 2,
    };

    quint32 bytes; ///< of all of it
    quint16 type;
};

struct MetricFamilyRecord
{
    quint32 bytes;
    quint16 type;
    quint8 kind;
    quint8 merge;
    quint32 family; ///< counts from 0
    quint16 labels;
    quint16 bounds;
};
static_assert(sizeof(MetricFamilyRecord) == 16);

struct MetricSeriesRecord
{
    quint32 bytes;
    quint16 type;
    quint16 unused;
    quint32 family;
    quint32 cells;
};
static_assert(sizeof(MetricSeriesRecord) == 16);

/// What there may be of each.
struct MetricLimits
{
    static constexpr std::size_t Families = 1000; ///< of a process
    static constexpr std::size_t Series = 1000;   ///< of a family, in a process; one more is called "other"
    static constexpr qsizetype NameBytes = 128;
    static constexpr qsizetype HelpBytes = 500;
    static constexpr qsizetype Labels = 8;
    static constexpr qsizetype LabelNameBytes = 64;
    static constexpr qsizetype LabelValueBytes = 128;
    static constexpr std::size_t Bounds = 64;
};

/// The value of all labels of the series that takes what is too much.
inline constexpr QByteArrayView OtherMetrics = "other";

/// What a plugin has registered. A value type.
struct MetricDefinition
{
    MetricKind kind = MetricKind::Counter;
    GaugeMerge merge = GaugeMerge::Sum;
    QByteArray name;
    QByteArray help;
    QByteArrayList labels = {};
    std::vector<double> bounds = {}; ///< of a histogram: upper ones, rising, without +Inf

    /// Of one series. Counter: whole increments, fractions as a double. Gauge: a double, NaN if there is no value.
    /// Histogram: how many lie in each bucket alone, one more than bounds; the sum as a double.
    std::size_t cells() const
    {
        return kind == MetricKind::Counter ? 2 : kind == MetricKind::Gauge ? 1 : bounds.size() + 2;
    }
    /// Whether series of both may be added up.
    bool isLike(const MetricDefinition &other) const
    {
        return kind == other.kind && merge == other.merge && name == other.name && labels == other.labels &&
               bounds == other.bounds;
    }
};

/// `counter "orders_total"`, for a message.
QUERN_EXPORT std::string metricTitle(const MetricDefinition &metric);
/// Who counts a metric. The server has some of its own in its children.
enum class MetricOwner { Plugin, Server };
/// What keeps \a metric from being one that Prometheus reads and that is told from those of others: a sentence behind
/// metricTitle(), with its mend. Empty if nothing does.
QUERN_EXPORT std::string flawOfMetric(const MetricDefinition &metric, MetricOwner owner = MetricOwner::Plugin);
/// Of the server: how long after their time runs of cron jobs began.
inline constexpr const char *cronLatenessMetric = "quern_cron_lateness_seconds";

} // namespace Quern
