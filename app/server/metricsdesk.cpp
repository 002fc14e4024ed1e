#include "app/server/metricsdesk.h"

#include "metrics/exposition.h"
#include "metrics/families.h"

#include <iterator>

namespace Quern::app {

QByteArray MetricsDesk::recentText()
{
    constexpr std::chrono::milliseconds oldest(200);
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    if (m_recent.isEmpty() || now - m_recentAt > oldest) {
        m_recent = text();
        m_recentAt = now;
    }
    return m_recent;
}

QByteArray MetricsDesk::text() const
{
    const base::MonotonicTime begun = std::chrono::steady_clock::now();
    std::vector<prometheus::MetricFamily> families;
    for (const auto &collector : m_collectors) {
        std::vector<prometheus::MetricFamily> collected = collector->Collect();
        std::move(collected.begin(), collected.end(), std::back_inserter(families));
    }
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
    families.push_back(metrics::single("quern_metrics_collect_seconds", "Time that this collection of metrics took.",
                                       prometheus::MetricType::Gauge, taken.count()));
    return metrics::exposition(std::move(families), m_application);
}

} // namespace Quern::app
