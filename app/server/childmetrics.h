#pragma once

#include "metrics/pluginmetrics.h"
#include "process/supervisor.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <QHash>
#include <QObject>

#include <vector>

namespace Quern::app {

/// What the plugins count in all children, of every role: follows the supervisor, and reads the memory that each child
/// shares with the master. Lives in the main thread.
class ChildMetrics final : public QObject
{
    Q_OBJECT
public:
    /// \a supervisor has not started any yet.
    explicit ChildMetrics(process::Supervisor *supervisor, QObject *parent = nullptr);

    /// As they are now, in the order of their names; see metrics::PluginMetrics. Asks no child, and takes a millisecond
    /// for some thousand series.
    std::vector<prometheus::MetricFamily> collect();

private:
    /// Children that have overwritten their memory.
    void tellDamaged();

    metrics::PluginMetrics m_metrics;
    QHash<quint64, QString> m_titles; ///< of those that live, for messages
};

/// The same among the other collectors.
class PluginCollector final : public prometheus::Collectable
{
public:
    /// \a metrics outlives it.
    explicit PluginCollector(ChildMetrics &metrics) : m_metrics(metrics) {}

    std::vector<prometheus::MetricFamily> Collect() const override { return m_metrics.collect(); }

private:
    ChildMetrics &m_metrics;
};

} // namespace Quern::app
