#pragma once

#include "cron/cronexpression.h"

#include <QByteArray>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace Quern::cron {

/// When a job is due: each so many milliseconds, or by a cron expression in a time zone. A value type; any thread.
///
/// Times here are nanoseconds on one of two lines: an interval keeps to the monotonic clock, an expression to the time
/// since 1970 as the clock on the wall shows it.
class Schedule
{
public:
    using Time = std::chrono::nanoseconds;

    static constexpr std::chrono::milliseconds shortestInterval{1};
    static constexpr std::chrono::milliseconds longestInterval = std::chrono::hours(24 * 24);

    /// Error::Invalid with the mend unless \a interval is from shortestInterval to longestInterval.
    static Result<Schedule> every(std::chrono::milliseconds interval);
    /// \a zone is an IANA name, "Europe/Berlin"; empty: that of the system. Error::Invalid with the mend if one of the
    /// two is wrong.
    static Result<Schedule> at(const QString &expression, const QByteArray &zone = {});

    /// Whether its times are those of the clock on the wall.
    bool followsWallClock() const { return m_calendar != nullptr; }
    /// Zero for an expression.
    std::chrono::milliseconds interval() const { return m_interval; }

    /// The first due time after \a after; null if there is none any more. An interval is due on a grid, at \a grid and
    /// each so many intervals before and after it, so that delays of the caller do not add up.
    std::optional<Time> next(Time after, Time grid) const;
    /// The last time of that grid up to \a until, of an interval.
    Time lastOnGrid(Time until, Time grid) const;

    /// The due times after \a after, up to \a until.
    struct DueTimes
    {
        quint64 count = 0;       ///< all of them; of an expression at most as many as were asked for
        std::vector<Time> first; ///< the earliest
    };
    DueTimes between(Time after, Time until, Time grid, std::size_t most) const;

    /// For people: "every 10 ms", "every 1 d", "*/5 * * * *", "0 3 * * * (Europe/Berlin)".
    QString text() const;

private:
    struct Calendar
    {
        CronExpression expression;
        QTimeZone zone;
        bool isSystemZone = false;
    };

    explicit Schedule(std::chrono::milliseconds interval) : m_interval(interval) {}
    explicit Schedule(Calendar calendar) : m_calendar(std::make_shared<const Calendar>(std::move(calendar))) {}

    std::chrono::milliseconds m_interval{0};
    std::shared_ptr<const Calendar> m_calendar; ///< null: it goes by the interval
};

} // namespace Quern::cron
