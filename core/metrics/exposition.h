#pragma once

#include <prometheus/metric_family.h>

#include <QByteArray>

#include <string>
#include <vector>

namespace Quern::metrics {

/// What Prometheus reads: text format 0.0.4.
inline constexpr const char *expositionType = "text/plain; version=0.0.4; charset=utf-8";

/// \a families as such text; those without a metric are left out. \a application, unless it is empty, is a label of
/// every metric. Names and labels are what Prometheus allows.
QByteArray exposition(std::vector<prometheus::MetricFamily> families, const std::string &application);

} // namespace Quern::metrics
