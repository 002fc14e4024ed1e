#pragma once

#include "admin-gui/connection/session.h"
#include "admin-gui/store/cronhistory.h"
#include "admin-gui/store/metricsstore.h"
#include "admin-gui/store/statushistory.h"

#include <QObject>

namespace Quern::console {

/// What has been learned from the server and outlives the window that shows it. Begins anew with another server. Lives
/// in the main thread.
class ServerStore final : public QObject
{
    Q_OBJECT
public:
    static constexpr qsizetype MostEvents = 500;

    explicit ServerStore(Session &session, QObject *parent = nullptr);

    const StatusHistory &history() const { return m_history; }
    const CronHistory &cronHistory() const { return m_cronHistory; }
    MetricsStore &metrics() { return m_metrics; }
    /// What became of the children, the newest last.
    const QList<admin::ProcessEvent> &processEvents() const { return m_processEvents; }
    /// Those that have been told of, the newest last.
    const QList<admin::Operation> &operations() const { return m_operations; }

    /// Forgets everything: another server is next.
    void clear();

Q_SIGNALS:
    /// The history has one status more.
    void historyGrew();
    void processEventsChanged();
    void operationsChanged();

private:
    void takeStatus(const admin::Status &status);
    void takeOperation(const admin::Operation &operation);

    StatusHistory m_history;
    CronHistory m_cronHistory;
    MetricsStore m_metrics;
    QList<admin::ProcessEvent> m_processEvents;
    QList<admin::Operation> m_operations;
};

} // namespace Quern::console
