#include "cron/jobplan.h"

#include "cron/text.h"

#include <algorithm>

namespace Quern::cron {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// Less is what clocks are corrected by all the time.
constexpr std::chrono::seconds smallestJump{1};

nanoseconds wallAhead(const Moment &moment)
{
    return nanoseconds(moment.wall.time_since_epoch()) - moment.monotonic.time_since_epoch();
}

} // namespace

JobPlan::JobPlan(JobSettings settings, const JobMemory &memory, const Moment &start)
    : m_settings(std::move(settings))
    , m_wallAhead(wallAhead(start))
    , m_reached(position(start))
    , m_grid(gridOf(memory))
    , m_next(m_settings.schedule.next(m_reached, m_grid))
    , m_free(m_reached)
    , m_isPaused(memory.isPaused)
{
    if (memory.settledUntil)
        addMissedBefore(memory);
    if (!m_settings.isImmediate)
        return;
    if (m_isPaused)
        miss({1, {m_reached}});
    else if (m_owed.empty())
        m_owed.push_back(m_reached);
}

JobPlan::Time JobPlan::gridOf(const JobMemory &memory) const
{
    const std::optional<WallTime> known = memory.grid ? memory.grid : memory.settledUntil;
    return known ? onLine(*known) : m_reached;
}

void JobPlan::addMissedBefore(const JobMemory &memory)
{
    const Time settled = onLine(*memory.settledUntil);
    const Time now = m_reached;
    // The other ways treat what is late as well as what is missed.
    const bool isGap = memory.isHandedOver && m_settings.missed == MissedRuns::Skip;
    const Time gap = isGap ? std::max(settled, now - longestGap) : now;
    miss(m_settings.schedule.between(settled, gap, m_grid, mostOwed));
    if (gap >= now)
        return;
    m_reached = gap;
    m_next = m_settings.schedule.next(gap, m_grid);
    pass(now, !m_isPaused);
}

std::optional<PlannedRun> JobPlan::take(const Moment &now)
{
    advance(now);
    if (m_isFinished || isFull())
        return std::nullopt;
    PlannedRun run;
    Time start = position(now);
    if (m_manual > 0) {
        --m_manual;
        run.isManual = true;
        run.scheduledAt = now.wall;
    } else if (!m_isPaused && !m_isStopped && !m_owed.empty()) {
        dropStale(start);
        run.scheduledAt = wallOf(m_owed.front(), now);
        start = std::clamp(std::max(m_owed.front(), m_free), start - stillInTime, start);
        m_owed.pop_front();
    } else {
        return std::nullopt;
    }
    run.number = ++m_lastNumber;
    m_starts.insert({run.number, start});
    return run;
}

void JobPlan::ended(quint64 number, const Moment &began, const Moment &ended)
{
    const auto run = m_starts.find(number);
    if (run == m_starts.end())
        return;
    m_free = run->second + (ended.monotonic - began.monotonic);
    // If the wall clock was set meanwhile, it shows another time at the end.
    if (m_settings.schedule.followsWallClock())
        m_free += wallAhead(ended) - m_wallAhead;
    if (isFull()) {
        dropOverrun(run->second, m_free);
        advanceTo(m_free, false, ended);
    }
    m_starts.erase(run);
}

std::optional<nanoseconds> JobPlan::idleTime(const Moment &now) const
{
    if (m_isFinished || isFull())
        return std::nullopt;
    if (m_manual > 0)
        return nanoseconds::zero();
    if (m_isPaused || m_isStopped)
        return std::nullopt;
    if (!m_owed.empty())
        return nanoseconds::zero();
    return m_next ? std::optional(std::max(*m_next - position(now), nanoseconds::zero())) : std::nullopt;
}

std::optional<WallTime> JobPlan::next(const Moment &now) const
{
    if (m_isPaused || m_isStopped || m_isFinished)
        return std::nullopt;
    if (!m_owed.empty())
        return wallOf(m_owed.front(), now);
    // While it runs, what falls due is accounted for later.
    const Time from = std::max(m_reached, position(now));
    const auto next = m_next && *m_next <= from ? m_settings.schedule.next(from, m_grid) : m_next;
    return next ? std::optional(wallOf(*next, now)) : std::nullopt;
}

Result<void> JobPlan::runNow(const Moment &now)
{
    advance(now);
    if (m_isFinished)
        return Error(Error::Unavailable, Text::tr("the server stops or reloads; try again"));
    if (underWay() + m_manual >= m_settings.mostAtATime)
        return Error(Error::Busy, Text::tr("it is running; wait until it has ended"));
    ++m_manual;
    return {};
}

void JobPlan::pause(const Moment &now)
{
    advance(now);
    m_isPaused = true;
    if (m_settings.missed == MissedRuns::Skip) {
        m_skipped += m_owed.size();
        m_owed.clear();
    }
}

void JobPlan::resume(const Moment &now)
{
    advance(now);
    m_isPaused = false;
}

void JobPlan::stop()
{
    m_isStopped = true;
    m_owed.clear();
}

JobMemory JobPlan::memory(const Moment &now) const
{
    // What waits is due again for the process that takes over.
    const WallTime settled = m_owed.empty() ? wallOf(m_reached, now) : wallOf(m_owed.front(), now) - milliseconds(1);
    if (m_settings.schedule.followsWallClock())
        return {settled, m_isPaused};
    const Time last = m_settings.schedule.lastOnGrid(m_owed.empty() ? m_reached : m_owed.front() - Time(1), m_grid);
    // Rounded, so that the grid does not creep from process to process; what is settled must not seem due by that.
    const WallTime grid(std::chrono::round<milliseconds>(last + wallAhead(now)));
    return {std::max(settled, grid), m_isPaused, grid};
}

JobPlan::Time JobPlan::onLine(WallTime time) const
{
    const Time onWall = time.time_since_epoch();
    return m_settings.schedule.followsWallClock() ? onWall : onWall - m_wallAhead;
}

JobPlan::Time JobPlan::position(const Moment &moment) const
{
    return m_settings.schedule.followsWallClock() ? Time(moment.wall.time_since_epoch())
                                                  : Time(moment.monotonic.time_since_epoch());
}

WallTime JobPlan::wallOf(Time time, const Moment &now) const
{
    const Time onWall = m_settings.schedule.followsWallClock() ? time : time + wallAhead(now);
    return WallTime(std::chrono::floor<milliseconds>(onWall));
}

void JobPlan::advance(const Moment &now)
{
    // Which due times a run has made impossible shows when it has ended; till then, only the old ones are sure.
    if (isFull())
        advanceTo(position(now) - 2 * stillInTime, false, now);
    else
        advanceTo(position(now), !m_isPaused, now);
}

void JobPlan::advanceTo(Time until, bool couldRun, const Moment &now)
{
    const nanoseconds jump = wallAhead(now) - m_wallAhead;
    m_wallAhead += jump;
    if (!m_settings.schedule.followsWallClock() || std::chrono::abs(jump) < smallestJump) {
        pass(until, couldRun);
    } else if (jump > nanoseconds::zero()) {
        pass(until - jump, couldRun);
        pass(until, false);
    } else if (-jump > longestSetBack) {
        m_reached = until;
        m_next = m_settings.schedule.next(m_reached, m_grid);
    }
}

void JobPlan::pass(Time until, bool couldRun)
{
    if (until <= m_reached)
        return;
    const Time from = m_reached;
    m_reached = until;
    if (!m_next || *m_next > until)
        return;
    const Schedule &schedule = m_settings.schedule;
    const Time inTimeFrom = couldRun ? std::max<Time>(from, until - stillInTime) : until;
    Schedule::DueTimes late = schedule.between(from, inTimeFrom, m_grid, mostOwed);
    const Schedule::DueTimes inTime = schedule.between(inTimeFrom, until, m_grid, mostOwed);
    m_next = schedule.next(until, m_grid);
    if (m_isStopped)
        return;
    if (couldRun && late.count > 0 && inTime.count == 0 && m_settings.missed == MissedRuns::Skip) {
        owe({1, {late.first.front()}});
        late.first.erase(late.first.begin());
        --late.count;
    }
    miss(late);
    owe(inTime);
}

void JobPlan::miss(const Schedule::DueTimes &times)
{
    switch (m_settings.missed) {
    case MissedRuns::Skip:
        m_skipped += times.count;
        break;
    case MissedRuns::Once:
        if (times.count > 0 && m_owed.empty()) {
            owe({1, {times.first.front()}});
            m_skipped += times.count - 1;
        } else {
            m_skipped += times.count;
        }
        break;
    case MissedRuns::CatchUp:
        owe(times);
        break;
    }
}

void JobPlan::owe(const Schedule::DueTimes &times)
{
    const std::size_t room = mostOwed - std::min(mostOwed, m_owed.size());
    const std::size_t taken = std::min(room, times.first.size());
    m_owed.insert(m_owed.end(), times.first.begin(), times.first.begin() + std::ptrdiff_t(taken));
    m_skipped += times.count - taken;
}

void JobPlan::dropOverrun(Time begin, Time end)
{
    if (m_settings.missed == MissedRuns::CatchUp)
        return;
    const auto first = std::upper_bound(m_owed.begin(), m_owed.end(), begin);
    const auto last = std::upper_bound(first, m_owed.end(), end);
    auto count = last - first;
    if (m_settings.missed == MissedRuns::Once && count > 0)
        --count;
    m_skipped += quint64(count);
    m_owed.erase(last - count, last);
}

void JobPlan::dropStale(Time now)
{
    if (m_settings.missed != MissedRuns::Skip)
        return;
    while (m_owed.size() > 1 && m_owed.front() < now - stillInTime) {
        m_owed.pop_front();
        ++m_skipped;
    }
}

} // namespace Quern::cron
