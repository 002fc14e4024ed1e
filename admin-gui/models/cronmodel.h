#pragma once

#include "admin-gui/models/recordmodel.h"
#include "admin/protocol/status.h"

namespace Quern::console {

/// The cron jobs of a server: when they are due, and what came of their last run.
class CronModel final : public RecordModel<admin::CronJobStatus>
{
    Q_OBJECT
public:
    enum { Name, Schedule, State, Next, Last, Duration, Runs, Failures, Skipped, Result };

    explicit CronModel(QObject *parent = nullptr);

    /// As they are at \a now.
    void setJobs(const QList<admin::CronJobStatus> &jobs, const QDateTime &now);

    /// "paused", in the user's language.
    static QString stateText(const admin::CronJobStatus &job);
    static Tone stateTone(const admin::CronJobStatus &job);
    /// "in 5 s"
    static QString distanceText(const QDateTime &next, const QDateTime &now);

private:
    QDateTime m_now;
};

} // namespace Quern::console
