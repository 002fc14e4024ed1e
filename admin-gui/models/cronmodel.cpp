#include "admin-gui/models/cronmodel.h"

#include "admin-gui/models/format.h"

#include <algorithm>

namespace Quern::console {

namespace {

using admin::CronJobStatus;

Column<CronJobStatus> countColumn(const QString &title, qint64 CronJobStatus::*count, Tone tone)
{
    Column<CronJobStatus> column = numberColumn<CronJobStatus>(
        title, [count](const CronJobStatus &job) { return format::count(job.*count); }, count);
    column.tone = [count, tone](const CronJobStatus &job) { return job.*count > 0 ? tone : Tone::Plain; };
    return column;
}

} // namespace

CronModel::CronModel(QObject *parent) : RecordModel([](const CronJobStatus &job) { return job.name; }, parent)
{
    Column<CronJobStatus> name{tr("Job"), [](const CronJobStatus &job) { return job.name; }};
    Column<CronJobStatus> schedule{tr("Schedule"), [](const CronJobStatus &job) { return job.schedule; }};
    Column<CronJobStatus> state{tr("State"), stateText};
    state.tone = stateTone;
    Column<CronJobStatus> next{tr("Next"),
                               [this](const CronJobStatus &job) {
                                   return job.next ? tr("%1, %2").arg(format::moment(*job.next, m_now),
                                                                      distanceText(*job.next, m_now))
                                                   : QString();
                               },
                               by<CronJobStatus>(&CronJobStatus::next)};
    next.toolTip = [](const CronJobStatus &job) { return job.next ? format::exactMoment(*job.next) : QString(); };
    Column<CronJobStatus> last{
        tr("Last"),
        [this](const CronJobStatus &job) { return job.last ? format::moment(*job.last, m_now) : QString(); },
        by<CronJobStatus>(&CronJobStatus::last)};
    last.toolTip = [](const CronJobStatus &job) { return job.last ? format::exactMoment(*job.last) : QString(); };
    Column<CronJobStatus> duration = numberColumn<CronJobStatus>(
        tr("Duration"),
        [](const CronJobStatus &job) {
            return job.last ? format::duration(std::chrono::microseconds(job.durationUs)) : QString();
        },
        &CronJobStatus::durationUs);
    Column<CronJobStatus> result{tr("Result"), [](const CronJobStatus &job) {
                                     if (!job.last)
                                         return tr("not run yet");
                                     return job.error.isEmpty() ? tr("went well")
                                                                : tr("failed: %1").arg(format::oneLine(job.error));
                                 }};
    result.tone = [](const CronJobStatus &job) {
        return !job.last ? Tone::Faint : job.error.isEmpty() ? Tone::Good : Tone::Bad;
    };
    result.toolTip = [](const CronJobStatus &job) { return job.error; };
    setColumns({name, schedule, state, next, last, duration, countColumn(tr("Runs"), &CronJobStatus::runs, Tone::Plain),
                countColumn(tr("Failures"), &CronJobStatus::failures, Tone::Bad),
                countColumn(tr("Skipped"), &CronJobStatus::skipped, Tone::Warning), result});
}

void CronModel::setJobs(const QList<CronJobStatus> &jobs, const QDateTime &now)
{
    m_now = now;
    setRecords(jobs);
}

QString CronModel::stateText(const CronJobStatus &job)
{
    if (job.running > 0 && job.paused)
        return tr("paused, %n running", nullptr, job.running);
    if (job.running > 0)
        return tr("%n running", nullptr, job.running);
    if (job.paused)
        return tr("paused");
    return job.stopped ? tr("has stopped itself") : tr("waits");
}

Tone CronModel::stateTone(const CronJobStatus &job)
{
    if (job.paused)
        return Tone::Warning;
    if (job.running > 0)
        return Tone::Busy;
    return job.stopped ? Tone::Faint : Tone::Plain;
}

QString CronModel::distanceText(const QDateTime &next, const QDateTime &now)
{
    const qint64 seconds = (now.msecsTo(next) + 500) / 1000;
    if (seconds <= 0)
        return tr("now");
    if (seconds < 60)
        return tr("in %1 s").arg(seconds);
    return tr("in %1").arg(format::duration(std::chrono::seconds(seconds)));
}

} // namespace Quern::console
