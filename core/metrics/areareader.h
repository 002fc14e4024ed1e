#pragma once

#include "sdk/src/metriclayout_p.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace Quern::metrics {

/// What one process had counted in one series when it was looked at. A plain value.
struct PluginSeries
{
    std::vector<std::string> values; ///< of the labels, in their order
    std::vector<quint64> counts;     ///< counter: one, of its whole part; histogram: of each bucket alone; gauge: none
    double number = 0;               ///< counter: what is not in counts; histogram: the sum; gauge: its value, or NaN
};

struct PluginFamily
{
    MetricDefinition definition;
    std::vector<PluginSeries> series;
};

/// What one process had counted.
struct AreaReading
{
    std::vector<PluginFamily> families;
    /// The process has overwritten its memory: what stands behind that place is missing.
    bool isDamaged = false;
};

/// Words of what a process has published in \a area, copied one by one, each in one moment: nothing changes any more
/// while it is read. Any thread, while the process goes on. \a area is aligned to 8 bytes.
std::vector<quint64> copyOfArea(std::span<const std::byte> area);

/// What stands in \a copy, which is not trusted: each length is checked, and so is all that Prometheus would not take.
/// What is right before the first flaw is there.
AreaReading readArea(std::span<const quint64> copy);

} // namespace Quern::metrics
