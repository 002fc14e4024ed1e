#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

namespace Quern::tasks {
class Broker;
}
namespace Quern::tables {
class SharedTables;
}

namespace Quern::app {

class CronDesk;

/// Tasks, pipes and queues of custom processes, cron jobs and tables. Called in the main thread; waits for no other.
class WorkMetrics final : public prometheus::Collectable
{
public:
    /// All outlive it.
    WorkMetrics(const tasks::Broker &broker, const CronDesk &cron, const tables::SharedTables &tables)
        : m_broker(broker)
        , m_cron(cron)
        , m_tables(tables)
    {
    }

    std::vector<prometheus::MetricFamily> Collect() const override;

private:
    const tasks::Broker &m_broker;
    const CronDesk &m_cron;
    const tables::SharedTables &m_tables;
};

} // namespace Quern::app
