#include "loop/timerlist.h"

#include <QCoreApplication>
#include <QScopeGuard>
#include <QTimerEvent>

#include <algorithm>
#include <bit>

namespace Quern::loop {

using namespace std::chrono_literals;

void TimerList::add(int id, std::chrono::milliseconds interval, Qt::TimerType type, QObject *receiver)
{
    remove(id);
    // Far enough to mean never, near enough to be a point of the clock.
    constexpr std::chrono::milliseconds longest = std::chrono::years(100);
    Timer timer = {id, type, std::min(interval, longest), receiver, ++m_lastSerial, {}, {}};
    timer.due = Clock::now() + timer.interval;
    timer.expiry = expiryOf(timer);
    m_queue.insert(&m_timers.emplace(id, timer).first->second);
}

bool TimerList::remove(int id)
{
    const auto timer = m_timers.find(id);
    if (timer == m_timers.end())
        return false;
    m_queue.erase(&timer->second);
    m_timers.erase(timer);
    return true;
}

bool TimerList::removeAll(const QObject *receiver)
{
    return std::erase_if(m_timers, [&](auto &item) {
               if (item.second.receiver != receiver)
                   return false;
               m_queue.erase(&item.second);
               return true;
           }) > 0;
}

QList<QAbstractEventDispatcher::TimerInfo> TimerList::timersOf(const QObject *receiver) const
{
    QList<QAbstractEventDispatcher::TimerInfo> list;
    for (const auto &[id, timer] : m_timers) {
        if (timer.receiver == receiver)
            list.emplaceBack(id, int(std::min<qint64>(timer.interval.count(), std::numeric_limits<int>::max())),
                             timer.type);
    }
    return list;
}

std::optional<std::chrono::nanoseconds> TimerList::remaining(int id) const
{
    const auto timer = m_timers.find(id);
    if (timer == m_timers.end())
        return std::nullopt;
    return std::max<std::chrono::nanoseconds>(timer->second.due - Clock::now(), 0ns);
}

Timeout TimerList::untilNext() const
{
    if (m_queue.empty())
        return std::nullopt;
    return std::max<std::chrono::nanoseconds>((*m_queue.begin())->expiry - Clock::now(), 0ns);
}

int TimerList::activate()
{
    if (m_queue.empty())
        return 0;
    const auto now = Clock::now();
    const size_t first = m_candidates.size();
    const auto pop = qScopeGuard([&] { m_candidates.resize(first); });
    for (const Timer *timer : m_queue) {
        if (timer->expiry > now)
            break;
        m_candidates.push_back(timer->id);
    }
    const size_t last = m_candidates.size();
    int sent = 0;
    for (size_t i = first; i < last; ++i)
        sent += fire(m_candidates[i], now);
    return sent;
}

int TimerList::fire(int id, Clock::time_point now)
{
    const auto timer = m_timers.find(id);
    // An earlier receiver may have stopped it, started it anew, or run a nested loop that fired it.
    if (timer == m_timers.end() || timer->second.expiry > now)
        return 0;
    const int counted = timer->second.interval > 0ms ? 1 : 0;
    m_queue.erase(&timer->second);
    advance(timer->second, now);

    QTimerEvent event(id);
    QCoreApplication::sendEvent(timer->second.receiver, &event);

    const auto left = m_timers.find(id);
    if (left != m_timers.end())
        m_queue.insert(&left->second);
    return counted;
}

void TimerList::advance(Timer &timer, Clock::time_point now)
{
    if (timer.interval == 0ms) {
        timer.due = now;
    } else {
        timer.due += timer.interval;
        if (timer.due <= now)
            timer.due += ((now - timer.due) / timer.interval + 1) * timer.interval;
    }
    timer.expiry = expiryOf(timer);
}

TimerList::Clock::time_point TimerList::expiryOf(const Timer &timer)
{
    // 5 % of 20 ms is the first whole millisecond, and above 20 s a full second is within 5 %. Powers of two make the
    // grids of coarse timers with unlike intervals meet.
    constexpr int coarseShare = 20;
    std::chrono::milliseconds grid = 1s;
    if (timer.type == Qt::PreciseTimer || timer.interval == 0ms)
        return timer.due;
    if (timer.type == Qt::CoarseTimer) {
        const auto slack = timer.interval / coarseShare;
        if (slack < 1ms)
            return timer.due;
        if (slack < 1s)
            grid = std::chrono::milliseconds(std::bit_floor(quint64(slack.count())));
    }
    const auto overhang = timer.due.time_since_epoch() % grid;
    return overhang > 0ns ? timer.due + (grid - overhang) : timer.due;
}

} // namespace Quern::loop
