#include "cron/schedule.h"

#include "cron/text.h"

#include <array>

namespace Quern::cron {

using std::chrono::milliseconds;

namespace {

struct Unit
{
    const char *name;
    milliseconds length;
};

constexpr std::array units = {Unit{"d", std::chrono::days(1)}, Unit{"h", std::chrono::hours(1)},
                              Unit{"m", std::chrono::minutes(1)}, Unit{"s", std::chrono::seconds(1)}};

/// "10 ms", "90 s", "1 d": in the largest unit of which it is a multiple.
QString intervalText(milliseconds interval)
{
    for (const Unit &unit : units) {
        if (interval % unit.length == milliseconds::zero())
            return QStringLiteral("%1 %2").arg(interval / unit.length).arg(QLatin1StringView(unit.name));
    }
    return QStringLiteral("%1 ms").arg(interval.count());
}

} // namespace

Result<Schedule> Schedule::every(milliseconds interval)
{
    if (interval < shortestInterval || interval > longestInterval) {
        return Error(Error::Invalid, Text::tr("the interval must be from %1 to %2 milliseconds, not %3")
                                         .arg(shortestInterval.count())
                                         .arg(longestInterval.count())
                                         .arg(interval.count()));
    }
    return Schedule(interval);
}

Result<Schedule> Schedule::at(const QString &expression, const QByteArray &zone)
{
    const Result<CronExpression> read = CronExpression::parse(expression);
    if (!read)
        return Error(Error::Invalid, Text::tr("the expression \"%1\": %2").arg(expression, read.error().message()));
    const QTimeZone timeZone = zone.isEmpty() ? QTimeZone::systemTimeZone() : QTimeZone(zone);
    if (!timeZone.isValid()) {
        return Error(Error::Invalid,
                     Text::tr("there is no time zone \"%1\"; write one such as \"Europe/Berlin\", and see that "
                              "tzdata is installed")
                         .arg(QString::fromUtf8(zone)));
    }
    return Schedule(Calendar{*read, timeZone, zone.isEmpty()});
}

std::optional<Schedule::Time> Schedule::next(Time after, Time grid) const
{
    if (const Calendar *calendar = m_calendar.get()) {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(after);
        const auto time = calendar->expression.next(std::chrono::sys_seconds(seconds), calendar->zone);
        return time ? std::optional<Time>(time->time_since_epoch()) : std::nullopt;
    }
    return lastOnGrid(after, grid) + m_interval;
}

Schedule::Time Schedule::lastOnGrid(Time until, Time grid) const
{
    const Time interval = m_interval;
    const Time over = (until - grid) % interval; // of the sign of the difference
    return until - (over < Time::zero() ? over + interval : over);
}

Schedule::DueTimes Schedule::between(Time after, Time until, Time grid, std::size_t most) const
{
    DueTimes times;
    auto time = next(after, grid);
    while (time && *time <= until && times.first.size() < most) {
        times.first.push_back(*time);
        time = next(*time, grid);
    }
    times.count = times.first.size();
    if (!followsWallClock() && time && *time <= until)
        times.count += quint64((until - *time) / Time(m_interval)) + 1;
    return times;
}

QString Schedule::text() const
{
    if (const Calendar *calendar = m_calendar.get()) {
        const QString zone = QString::fromUtf8(calendar->zone.id());
        const QString text = calendar->expression.text();
        return calendar->isSystemZone ? text : QStringLiteral("%1 (%2)").arg(text, zone);
    }
    return Text::tr("every %1").arg(intervalText(m_interval));
}

} // namespace Quern::cron
