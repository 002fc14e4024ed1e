#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

namespace Quern::app {

class ReactorPool;

/// Requests, connections and messages, as the reactors count them. Called in the main thread; waits for no other.
class TrafficMetrics final : public prometheus::Collectable
{
public:
    /// \a reactors outlives it.
    explicit TrafficMetrics(const ReactorPool &reactors) : m_reactors(reactors) {}

    std::vector<prometheus::MetricFamily> Collect() const override;

private:
    const ReactorPool &m_reactors;
};

} // namespace Quern::app
