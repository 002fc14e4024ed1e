#pragma once

#include "admin-gui/store/series.h"
#include "admin/protocol/status.h"

#include <QHash>

#include <memory>
#include <optional>

namespace Quern::console {

/// What the server's status was in the last quarter of an hour: what the plots show. Begins anew with another server,
/// or with a server that has started anew. Main thread.
class StatusHistory
{
public:
    /// What has happened per second between two statuses.
    struct Rates
    {
        double requests = 0;
        double errors = 0; ///< answered 502, 503 or 504 by the server itself
        double events = 0;
        double tasksDone = 0;
        double tasksFailed = 0;
        double tasksDelivered = 0;
    };

    /// Told at \a time, in seconds since 1970.
    void add(const admin::Status &status, double time);
    void clear();

    const Series &requests() const { return m_requests; }
    const Series &errors() const { return m_errors; }
    const Series &connections() const { return m_connections; }
    const Series &queued() const { return m_queued; }
    const Series &inFlight() const { return m_inFlight; }
    const Series &tasksQueued() const { return m_tasksQueued; }
    const Series &tasksDone() const { return m_tasksDone; }
    const Series &tasksFailed() const { return m_tasksFailed; }
    /// Of a process: bytes, oldest first.
    QList<double> memoryOf(const admin::WorkerStatus &process) const;
    const Rates &rates() const { return m_rates; }

    static qint64 connectionsIn(const admin::Status &status);
    static qint64 queuedIn(const admin::Status &status);
    static qint64 inFlightIn(const admin::Status &status);
    static qint64 tasksQueuedIn(const admin::Status &status);

private:
    struct Before
    {
        double time = 0;
        qint64 pid = 0;
        QDateTime startedAt;
        admin::Totals totals;
        admin::TaskStatus tasks;
    };

    static QString memoryKey(const admin::WorkerStatus &process);
    void addMemory(const admin::Status &status, double time);

    static constexpr std::size_t memorySamples = 120;

    std::optional<Before> m_before;
    Rates m_rates;
    Series m_requests;
    Series m_errors;
    Series m_connections;
    Series m_queued;
    Series m_inFlight;
    Series m_tasksQueued;
    Series m_tasksDone;
    Series m_tasksFailed;
    QHash<QString, Series> m_memory;
};

} // namespace Quern::console
