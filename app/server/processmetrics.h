#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <QDateTime>

namespace Quern::process {
class Supervisor;
}

namespace Quern::app {

/// The master, its children and the machine. Called in the main thread; asks no child, but reads what the kernel and
/// the shared pages say of it.
class ProcessMetrics final : public prometheus::Collectable
{
public:
    /// \a supervisor outlives it.
    ProcessMetrics(const process::Supervisor &supervisor, const QDateTime &startedAt)
        : m_supervisor(supervisor)
        , m_startedAt(startedAt)
    {
    }

    std::vector<prometheus::MetricFamily> Collect() const override;

private:
    const process::Supervisor &m_supervisor;
    QDateTime m_startedAt;
};

} // namespace Quern::app
