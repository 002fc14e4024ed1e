#pragma once

#include "cron/jobrunner.h"
#include "ipc/cronmessages.h"

#include <Quern/metrics.h>
#include <Quern/result.h>

#include <QList>
#include <QObject>
#include <QStringList>
#include <QTimer>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace Quern::cron {

/// All cron jobs of one timer process: begins their runs when they are due, and tells how they are. Lives in the main
/// thread, whose event dispatcher should have precise timers, and which nothing else may block.
///
/// Runs begin up to a millisecond after they are due, and later if the machine is busy; that never adds up, nor are
/// runs lost by it: see JobPlan.
class TimerHost final : public QObject
{
    Q_OBJECT

public:
    /// What one host takes.
    static constexpr qsizetype mostJobs = 500;
    /// Of the state to the outside.
    static constexpr std::chrono::milliseconds shortestReportInterval{100};

    /// \a remembered is what the host before this one has told last; jobs that it does not know begin without a past,
    /// and those whose schedule is another now have missed no runs, and begin a new grid.
    explicit TimerHost(std::vector<Job> jobs, const QList<ipc::CronJobState> &remembered = {},
                       QObject *parent = nullptr);
    /// Waits for no function that runs; see ThreadRunner.
    ~TimerHost() override;

    /// Jobs that there would be if they were not switched off in the settings: commands to them are refused as such.
    void setDisabled(const QStringList &names) { m_disabled = names; }
    /// Before start(): \a lateness, which has the name of the job as its label, sees how long after their time runs
    /// begin.
    void setLateness(const Histogram &lateness);
    /// From now on runs begin.
    void start();

    /// The job \a name runs once, now, also while it is paused. Error::NotFound, or Error::Busy if it runs already.
    Result<void> runNow(const QString &name);
    /// It is not run by plan until resume(), over reloads as well. Error::NotFound.
    Result<void> pause(const QString &name);
    Result<void> resume(const QString &name);

    /// No run begins any more; what runs is asked to end, and has \a grace for it. Programs are killed then, and what
    /// is broken off has failed with \a reason. drained() follows, before this returns if nothing runs. To be called
    /// once.
    void drain(std::chrono::milliseconds grace, const QString &reason);

    /// In the order in which they were given.
    QList<ipc::CronJobState> states();

Q_SIGNALS:
    /// A run has begun or ended, or a job was paused or the like: states() tells. At most once in
    /// shortestReportInterval; and from start(), once before anything begins.
    void statesChanged(const QList<Quern::ipc::CronJobState> &states);
    /// The process groups of all programs that run now: one has begun or ended.
    void programsChanged(const QList<qint64> &groups);
    /// Once after drain(). \a busy has a line for each function that still runs, "busy with job x for 3200 ms": the
    /// process must not wait for them, but _exit().
    void drained(const QStringList &busy);

private:
    struct Entry;

    Result<Entry *> named(const QString &name);
    void collect();
    void wake();
    void begin(Entry &entry, const PlannedRun &run);
    void noteEnd(Entry &entry, const RunReport &report);
    void tellPrograms();
    void warnOfTimeouts(Entry &entry, const Moment &now);
    void arm();
    void changed();
    void report();
    ipc::CronJobState stateOf(Entry &entry, const Moment &now) const;
    void finishDrain();
    QStringList busyJobs() const;
    void noteBrokenOff();

    std::vector<std::unique_ptr<Entry>> m_entries;
    std::shared_ptr<RunReports> m_reports;
    QStringList m_disabled;
    QTimer m_timer;      ///< for the earliest run
    QTimer m_report;     ///< for the next statesChanged()
    QTimer m_drainLimit; ///< while draining
    QString m_drainReason;
    bool m_isStarted = false;
    bool m_isDraining = false;
    bool m_isDrainOver = false; ///< its time
    bool m_hasDrained = false;
    bool m_isReportDue = false;
};

} // namespace Quern::cron
