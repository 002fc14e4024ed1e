#pragma once

#include "admin/protocol/status.h"

#include <QHash>
#include <QList>

#include <deque>

namespace Quern::console {

/// The runs of the cron jobs in the last while, as far as the console has seen them: of those that end between two
/// statuses only the last is told of. Begins anew with another server, or with one that has started anew. Main thread.
class CronHistory
{
public:
    static constexpr std::chrono::minutes Kept{15};
    /// Of one job.
    static constexpr std::size_t MostRuns = 1000;

    struct Run
    {
        QDateTime began; ///< UTC
        std::chrono::microseconds duration{0};
        QString error; ///< empty: it went well

        bool operator==(const Run &) const = default;
    };

    /// Told at \a now.
    void add(const admin::Status &status, const QDateTime &now);
    void clear();

    /// The oldest first.
    QList<Run> runsOf(const QString &job) const;

private:
    qint64 m_pid = 0;
    QDateTime m_startedAt;
    QHash<QString, std::deque<Run>> m_runs;
};

} // namespace Quern::console
