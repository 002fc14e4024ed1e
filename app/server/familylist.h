#pragma once

#include "metrics/families.h"

namespace Quern::app {

/// The families of one collector, in the order in which they are shown. Names are with the prefix of the server.
class FamilyList
{
public:
    /// A family that gets its metrics by metrics::addValue() or addHistogram(). The reference holds until the next
    /// call.
    prometheus::MetricFamily &counter(const char *name, const char *help)
    {
        return add(name, help, prometheus::MetricType::Counter);
    }
    prometheus::MetricFamily &gauge(const char *name, const char *help)
    {
        return add(name, help, prometheus::MetricType::Gauge);
    }
    prometheus::MetricFamily &histogram(const char *name, const char *help)
    {
        return add(name, help, prometheus::MetricType::Histogram);
    }
    /// A family of one metric without labels.
    void counter(const char *name, const char *help, double value)
    {
        metrics::addValue(counter(name, help), {}, value);
    }
    void gauge(const char *name, const char *help, double value) { metrics::addValue(gauge(name, help), {}, value); }

    std::vector<prometheus::MetricFamily> take() { return std::move(m_families); }

private:
    prometheus::MetricFamily &add(const char *name, const char *help, prometheus::MetricType type)
    {
        return m_families.emplace_back(metrics::family(name, help, type));
    }

    std::vector<prometheus::MetricFamily> m_families;
};

} // namespace Quern::app
