#include "admin-gui/store/cronhistory.h"

namespace Quern::console {

namespace {

QDateTime endOf(const CronHistory::Run &run)
{
    return run.began.addMSecs(std::chrono::duration_cast<std::chrono::milliseconds>(run.duration).count());
}

} // namespace

void CronHistory::add(const admin::Status &status, const QDateTime &now)
{
    if (m_pid != status.pid || m_startedAt != status.startedAt)
        m_runs.clear();
    m_pid = status.pid;
    m_startedAt = status.startedAt;
    const QDateTime oldest = now.addSecs(-std::chrono::seconds(Kept).count());
    QHash<QString, std::deque<Run>> runs;
    for (const admin::CronJobStatus &job : status.cron) {
        std::deque<Run> &known = runs[job.name] = m_runs.take(job.name);
        // Runs of one job may overlap: one that ends later may have begun earlier.
        if (job.last) {
            const Run run{*job.last, std::chrono::microseconds(job.durationUs), job.error};
            if (known.empty() || known.back() != run)
                known.push_back(run);
        }
        while (!known.empty() && (known.size() > MostRuns || endOf(known.front()) < oldest))
            known.pop_front();
    }
    m_runs = std::move(runs);
}

void CronHistory::clear()
{
    *this = CronHistory();
}

QList<CronHistory::Run> CronHistory::runsOf(const QString &job) const
{
    const auto found = m_runs.constFind(job);
    return found == m_runs.constEnd() ? QList<Run>() : QList<Run>(found->begin(), found->end());
}

} // namespace Quern::console
