#pragma once

#include "metrics/areareader.h"

#include <prometheus/metric_family.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace Quern::metrics {

/// The memory that a child shares with its master for the metrics of its plugins.
struct PluginArea
{
    std::shared_ptr<const void> memory;
    std::size_t bytes = 0;
};

/// What the plugins of all children have counted, as one. Nobody is asked: the children's memory is read.
///
/// Counters and histograms are sums over the children that live and those that have ended, so that they never fall; of
/// a child that has overwritten its memory that holds which was read last.
/// Gauges are merged over those that live. A family whose definition has changed is as the newest generation that
/// serves has it: it begins anew, and what older generations say of it does not count. One that no generation of now
/// has is forgotten. What there is at most is bounded: what is more of a family is counted as "other".
///
/// Lives in one thread, and never waits.
class PluginMetrics
{
public:
    /// Over all children, dead ones included.
    static constexpr std::size_t MostFamilies = 2 * MetricLimits::Families;
    static constexpr std::size_t MostSeries = 20'000; ///< of gauges, and of all others

    /// A child has begun; it counts once its generation serves.
    void add(quint64 childId, int generation, PluginArea area);
    /// It has ended, and writes no more. One that was never added is passed over.
    void remove(quint64 childId);
    /// From now on this one serves.
    void activate(int generation);

    /// What Prometheus is told, in the order of the names.
    std::vector<prometheus::MetricFamily> collect();
    /// The children that have overwritten their memory, and were not told of before.
    std::vector<quint64> takeDamaged() { return std::exchange(m_damaged, {}); }

private:
    struct Child
    {
        int generation = 0;
        PluginArea area;
        std::vector<quint64> sound = {}; ///< what was there before it was damaged
        bool isDamaged = false;
    };
    /// Counter or histogram: a sum. Gauge: merged.
    struct Sum
    {
        std::vector<quint64> counts;
        double number = 0;
    };
    struct Series
    {
        Sum ended;                ///< of children that have; not of gauges
        std::optional<Sum> alive; ///< of the others, while they are collected
        double told = 0;          ///< the last time, of number
    };
    using Values = std::vector<std::string>;
    struct Family
    {
        MetricDefinition definition;
        int generation = 0;     ///< the newest that has it
        bool isPresent = false; ///< in a child that lives, while they are collected
        bool isFull = false;    ///< what comes is "other", and stays so
        std::map<Values, Series> series = {};
    };

    AreaReading read(quint64 childId, Child &child);
    /// Null if it does not count.
    Family *familyOf(const PluginFamily &read, int generation);
    Series &seriesOf(Family &family, const Values &values);
    std::size_t &countFor(const Family &family);
    void forgetSeries(Family &family);
    /// Reads the children that live.
    void look();
    /// Forgets what nobody has any more.
    void prune();

    std::map<quint64, Child> m_children;
    std::map<QByteArray, Family> m_families;
    std::vector<quint64> m_damaged;
    std::size_t m_sumCount = 0;   ///< series of counters and histograms, which stay
    std::size_t m_gaugeCount = 0; ///< the same of gauges, which come and go
    int m_serving = 0;            ///< generation; 0: none yet
};

} // namespace Quern::metrics
