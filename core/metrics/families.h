#pragma once

#include "metrics/histogram.h"

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace Quern::metrics {

/// Names and values of labels, in the order in which they are shown.
using Labels = std::vector<std::pair<std::string, std::string>>;

/// A family without metrics. Counters end in _total, times are in seconds, sizes in bytes; \a help is one sentence.
prometheus::MetricFamily family(std::string name, std::string help, prometheus::MetricType type);

/// One metric more, of a counter or a gauge.
void addValue(prometheus::MetricFamily &family, const Labels &labels, double value);
/// One metric more, of a histogram.
void addHistogram(prometheus::MetricFamily &family, const Labels &labels, const HistogramReading &reading);

/// A family that has a single metric, without labels.
prometheus::MetricFamily single(std::string name, std::string help, prometheus::MetricType type, double value);

} // namespace Quern::metrics
