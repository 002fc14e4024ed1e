#include "metrics/families.h"

#include <limits>

namespace Quern::metrics {

namespace {

prometheus::ClientMetric &append(prometheus::MetricFamily &family, const Labels &labels)
{
    prometheus::ClientMetric &metric = family.metric.emplace_back();
    metric.label.reserve(labels.size());
    for (const auto &[name, value] : labels)
        metric.label.push_back({name, value});
    return metric;
}

} // namespace

prometheus::MetricFamily family(std::string name, std::string help, prometheus::MetricType type)
{
    return {std::move(name), std::move(help), type, {}};
}

void addValue(prometheus::MetricFamily &family, const Labels &labels, double value)
{
    prometheus::ClientMetric &metric = append(family, labels);
    if (family.type == prometheus::MetricType::Counter)
        metric.counter.value = value;
    else
        metric.gauge.value = value;
}

void addHistogram(prometheus::MetricFamily &family, const Labels &labels, const HistogramReading &reading)
{
    prometheus::ClientMetric::Histogram &histogram = append(family, labels).histogram;
    histogram.bucket.reserve(reading.bounds.size() + 1);
    for (std::size_t i = 0; i < reading.bounds.size(); ++i) {
        histogram.sample_count += reading.counts[i];
        histogram.bucket.push_back({histogram.sample_count, reading.bounds[i]});
    }
    histogram.sample_count += reading.counts.back();
    histogram.bucket.push_back({histogram.sample_count, std::numeric_limits<double>::infinity()});
    histogram.sample_sum = reading.sum;
}

prometheus::MetricFamily single(std::string name, std::string help, prometheus::MetricType type, double value)
{
    prometheus::MetricFamily result = family(std::move(name), std::move(help), type);
    addValue(result, {}, value);
    return result;
}

} // namespace Quern::metrics
