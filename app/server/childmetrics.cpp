#include "app/server/childmetrics.h"

#include "app/server/log.h"

namespace Quern::app {

ChildMetrics::ChildMetrics(process::Supervisor *supervisor, QObject *parent) : QObject(parent)
{
    using process::Supervisor;
    connect(supervisor, &Supervisor::childStarted, this, [this](quint64 childId, const process::StartedChild &child) {
        m_titles.insert(childId, QStringLiteral("%1 (pid %2)").arg(child.who.text()).arg(child.pid));
        m_metrics.add(childId, child.generation, {child.page->metricArea(), ipc::ChildPage::MetricBytes});
    });
    connect(supervisor, &Supervisor::childExited, this, [this](quint64 childId) {
        m_metrics.remove(childId);
        tellDamaged();
        m_titles.remove(childId);
    });
    connect(supervisor, &Supervisor::generationActivated, this, [this](int generation) {
        m_metrics.activate(generation);
        tellDamaged();
    });
}

std::vector<prometheus::MetricFamily> ChildMetrics::collect()
{
    std::vector<prometheus::MetricFamily> families = m_metrics.collect();
    tellDamaged();
    return families;
}

void ChildMetrics::tellDamaged()
{
    const std::vector<quint64> damaged = m_metrics.takeDamaged();
    for (const quint64 childId : damaged) {
        qCWarning(logMaster).noquote() << m_titles.value(childId)
                                       << "has overwritten the memory of its metrics: they stand still; look for a "
                                          "plugin that writes where it must not";
    }
}

} // namespace Quern::app
