#pragma once

#include <map>
#include <optional>

namespace Quern::console {

/// The cumulative counts of a histogram, by the upper bounds of its buckets.
using Buckets = std::map<double, double>;

/// Below which value the share \a quantile (0 to 1) of what was counted between \a before and \a now lies, within its
/// bucket in proportion, as Prometheus' histogram_quantile() has it. Nullopt if nothing was counted; the greatest
/// finite bound for what is above it.
std::optional<double> quantileOf(const Buckets &now, const Buckets &before, double quantile);

} // namespace Quern::console
