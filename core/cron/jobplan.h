#pragma once

#include "cron/moment.h"
#include "cron/schedule.h"

#include <Quern/cronjob.h>
#include <Quern/result.h>

#include <deque>
#include <map>
#include <optional>

namespace Quern::cron {

/// How one job is to run. A plain value.
struct JobSettings
{
    Schedule schedule;
    bool isImmediate = false; ///< runs when the plan begins, too
    int mostAtATime = 1;      ///< runs under way together; 1: a run never overlaps another
    MissedRuns missed = MissedRuns::Skip;
};

/// What a job takes along into the next process. A plain value.
struct JobMemory
{
    /// Up to here each due time has had its run, or was given up; null: the job has never been planned.
    std::optional<WallTime> settledUntil;
    bool isPaused = false;
    /// One of the times of an interval's grid; null: settledUntil is one, or it begins anew.
    std::optional<WallTime> grid = {};
    /// The process has ended in order: what it has begun is not due any more.
    bool isHandedOver = false;
};

/// A run that is to begin.
struct PlannedRun
{
    quint64 number = 0; ///< from 1
    WallTime scheduledAt;
    bool isManual = false;
};

/// Decides when one job runs. Knows no timers and no threads: it is told what time it is and what has ended. Lives in
/// one thread.
///
/// A due time that comes while the job cannot run, since mostAtATime runs are under way or it is paused, is missed;
/// those of an earlier process after JobMemory::settledUntil are as well. MissedRuns says what becomes of them, up to
/// mostOwed. One that comes while the job could run, or could have run if nobody had been late, is not missed: those of
/// the last stillInTime are all run, one after the other, and of older ones at least one. The same holds for what has
/// come between an earlier process that has handed over and this one, in the last longestGap before it.
///
/// If the wall clock is set forwards, the times of an expression that it jumps over are missed ones. If it is set back
/// by at most longestSetBack, nothing runs until it shows again what it has shown before; if by more, the plan begins
/// anew from there. Intervals do not care.
///
/// The grid of an interval goes on from one process to the next, by the clock on the wall; a job without memory begins
/// one at its start.
class JobPlan
{
public:
    static constexpr std::size_t mostOwed = 1000; ///< missed runs that wait
    static constexpr std::chrono::seconds stillInTime{1};
    static constexpr std::chrono::seconds longestGap{5};
    static constexpr std::chrono::hours longestSetBack{3};

    JobPlan(JobSettings settings, const JobMemory &memory, const Moment &start);

    /// The run that is to begin now, which is under way from then on. To be called until it is null.
    std::optional<PlannedRun> take(const Moment &now);
    /// The run \a number, which is under way, has lasted from \a began to \a ended, both not in the future.
    void ended(quint64 number, const Moment &began, const Moment &ended);

    /// Accounts for all that has become due up to \a now, with the state that the job had since the last call of any of
    /// these. For who is about to read; the others do it by themselves.
    void advance(const Moment &now);

    /// How long nothing will begin, if nothing is done or ends meanwhile; null: forever. The wall clock must be looked
    /// at in between: it may be set.
    std::optional<std::chrono::nanoseconds> idleTime(const Moment &now) const;
    /// For people: when the next run is due. Null while it is paused or stopped, or if there is none.
    std::optional<WallTime> next(const Moment &now) const;

    /// A run beside the plan, also while paused or stopped. Error::Busy if it cannot begin at once.
    Result<void> runNow(const Moment &now);
    void pause(const Moment &now);
    void resume(const Moment &now);
    /// Nothing runs by plan any more.
    void stop();
    /// Nothing runs any more.
    void finish() { m_isFinished = true; }

    bool isPaused() const { return m_isPaused; }
    bool isStopped() const { return m_isStopped; }
    int underWay() const { return int(m_starts.size()); }
    quint64 skipped() const { return m_skipped; } ///< due times that had no run
    JobMemory memory(const Moment &now) const;
    const JobSettings &settings() const { return m_settings; }

private:
    using Time = Schedule::Time;

    Time position(const Moment &moment) const;
    WallTime wallOf(Time time, const Moment &now) const;
    /// Where \a time, by the clock on the wall as it was when this began, is among the Times.
    Time onLine(WallTime time) const;
    bool isFull() const { return underWay() >= m_settings.mostAtATime; }
    void advanceTo(Time until, bool couldRun, const Moment &now);
    void pass(Time until, bool couldRun);
    void miss(const Schedule::DueTimes &times);
    void owe(const Schedule::DueTimes &times);
    /// A run that took until \a end has left no time for what waits since then.
    void dropOverrun(Time begin, Time end);
    /// What waits for longer than stillInTime is not in time any more.
    void dropStale(Time now);
    Time gridOf(const JobMemory &memory) const;
    void addMissedBefore(const JobMemory &memory);

    const JobSettings m_settings;
    std::chrono::nanoseconds m_wallAhead; ///< of the monotonic clock
    Time m_reached;                       ///< up to here everything is accounted for
    const Time m_grid;                    ///< of an interval: one of its times
    std::optional<Time> m_next;
    std::deque<Time> m_owed; ///< due times whose runs begin as soon as they may
    int m_manual = 0;
    /// Of the runs that are under way, by number: when each would have begun if nobody were late.
    std::map<quint64, Time> m_starts;
    Time m_free; ///< when the last run would have ended then
    bool m_isPaused = false;
    bool m_isStopped = false;
    bool m_isFinished = false;
    quint64 m_lastNumber = 0;
    quint64 m_skipped = 0;
};

} // namespace Quern::cron
