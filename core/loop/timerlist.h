#pragma once

#include "loop/timeout.h"

#include <QAbstractEventDispatcher>

#include <chrono>
#include <set>
#include <unordered_map>
#include <vector>

namespace Quern::loop {

/// The timers of one thread, on the monotonic clock.
///
/// No timer fires early. Precise timers fire when they are due; coarse ones up to 5 % of their interval later and very
/// coarse ones up to a second later, so that many of them share one wake-up. A repeated timer keeps to its grid: it
/// does not drift, and of the periods it has missed it makes up for one.
class TimerList
{
public:
    using Clock = std::chrono::steady_clock;

    TimerList() = default;
    Q_DISABLE_COPY_MOVE(TimerList)

    void add(int id, std::chrono::milliseconds interval, Qt::TimerType type, QObject *receiver);
    /// Returns false if there is no such timer.
    bool remove(int id);
    /// Returns false if \a receiver has no timers.
    bool removeAll(const QObject *receiver);

    QList<QAbstractEventDispatcher::TimerInfo> timersOf(const QObject *receiver) const;
    /// Time until \a id is due, 0 if it is overdue; nullopt if there is no such timer.
    std::optional<std::chrono::nanoseconds> remaining(int id) const;
    /// Time until activate() has something to do, 0 if it has now; nullopt if it will not.
    Timeout untilNext() const;

    /// Sends each timer that is due one QTimerEvent, the earliest first. A timer whose event is still being handled,
    /// which happens in a nested event loop, is left out. Returns how many were sent, not counting timers with interval
    /// 0.
    int activate();

private:
    struct Timer
    {
        int id;
        Qt::TimerType type;
        std::chrono::milliseconds interval;
        QObject *receiver;
        quint64 serial;           ///< number of the registration: the order of timers that expire together
        Clock::time_point due;    ///< on the timer's grid
        Clock::time_point expiry; ///< when it fires: due, moved back as its type allows
    };
    struct Earlier
    {
        bool operator()(const Timer *a, const Timer *b) const
        {
            return a->expiry != b->expiry ? a->expiry < b->expiry : a->serial < b->serial;
        }
    };
    int fire(int id, Clock::time_point now);
    static void advance(Timer &timer, Clock::time_point now);
    static Clock::time_point expiryOf(const Timer &timer);

    std::unordered_map<int, Timer> m_timers;
    std::set<const Timer *, Earlier> m_queue; ///< all but those whose event is being handled
    std::vector<int> m_candidates;            ///< a stack: each nested activate() has its part on top
    quint64 m_lastSerial = 0;
};

} // namespace Quern::loop
