#pragma once

#include <Quern/global.h>
#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QDateTime>
#include <QString>
#include <QVariantMap>

#include <chrono>
#include <functional>

namespace Quern {

class ApplicationPrivate;
class CronRunPrivate;
struct CronSpec;

/// What becomes of the runs of a cron job that fall due while it cannot run: because it still does, is paused, or the
/// server is down.
enum class MissedRuns {
    Skip,    ///< nothing: the job waits for the next time
    Once,    ///< one run for all of them, as soon as it may
    CatchUp, ///< each of them, one after the other; of more than 1,000 the first 1,000
};

/// One run of a cron job, as its handler sees it: valid until that returns, and in its thread, but for
/// isStopRequested().
class QUERN_EXPORT CronRun
{
public:
    /// Made by the timer process.
    explicit CronRun(CronRunPrivate *data) : d(data) {}
    Q_DISABLE_COPY_MOVE(CronRun)

    /// Of the job: the "name" of its [[cron]] entry, or what Application::cron() was given.
    const QString &name() const;
    /// The free-form "parameters" table of the [[cron]] entry.
    const QVariantMap &parameters() const;
    /// When the run was due, in UTC, and not when it began; for one that was asked for by hand, when it was.
    QDateTime scheduledAt() const;
    /// From 1, since the timer process was started: a reload begins anew.
    quint64 number() const;
    /// Whether the run should come to its end: the server stops or reloads, and waits no longer than max_wait_time; or
    /// the job's timeout is over. A run that takes long asks now and then. Any thread.
    bool isStopRequested() const;
    /// The job is not run again until the server is started anew or reloaded. What runs, goes on.
    void stop();

private:
    CronRunPrivate *d;
};

/// What runs; an Error is a failed run, and an exception that leaves it too: it is logged, and counted. Called in a
/// thread that the job has for itself, in the timer process, so that one that blocks delays no other; never twice at a
/// time, unless CronJob::overlap() or the settings ask for it.
using CronHandler = std::function<Result<void>(CronRun &run)>;

/// A cron job that was just registered; its calls chain. After HandlerPlugin::install() they throw std::logic_error.
/// Its schedule may be given here, and then quern.toml need not mention it; what a [[cron]] entry with its name says
/// takes precedence, key by key.
class QUERN_EXPORT CronJob
{
public:
    /// Made by Application::cron().
    CronJob(ApplicationPrivate *application, CronSpec *spec) : d(application), m_spec(spec) {}

    /// Runs it each \a interval, from 1 ms to 24 days. Its times are those of a grid, do not drift, and go on over
    /// reloads and restarts of the server; another interval begins a new grid. Throws std::invalid_argument for another
    /// interval, and if at() was called.
    CronJob &every(std::chrono::milliseconds interval);
    /// Runs it when the clock shows what \a expression asks for: five fields as in crontab(5), or six with the second
    /// before them. \a timeZone is an IANA name such as "Europe/Berlin"; empty: that of the system. Throws
    /// std::invalid_argument if one is empty that must not be, and if every() was called; what else is wrong with them
    /// keeps the server from starting, with a message that names the job.
    CronJob &at(QByteArrayView expression, QByteArrayView timeZone = {});
    /// Runs it when the timer process has started, too.
    CronJob &immediate(bool on = true);
    /// Begins a run though \a most - 1 of the job are under way. Throws std::invalid_argument unless \a most is from 1
    /// to 64.
    CronJob &overlap(int most = 8);
    /// What becomes of runs that fall due while the job cannot run; MissedRuns::Skip if never called.
    CronJob &missed(MissedRuns policy);
    /// After \a time CronRun::isStopRequested() is true, and the run counts as failed. Zero: never.
    CronJob &timeout(std::chrono::milliseconds time);

private:
    ApplicationPrivate *d;
    CronSpec *m_spec;
};

} // namespace Quern
