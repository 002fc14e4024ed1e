#pragma once

#include "cron/cronfield.h"

#include <Quern/result.h>

#include <QString>
#include <QTimeZone>

#include <chrono>
#include <optional>

namespace Quern::cron {

/// When a job runs, as crontab(5) writes it. A value type; any thread.
///
/// Five fields: minute, hour, day of the month, month, day of the week; or six, with the second before them. See
/// parseCronField() for what may stand in one. In place of them: @hourly, @daily or @midnight, @weekly, @monthly,
/// @yearly or @annually.
///
/// If both days are restricted, a day that fits either of them will do; if one of their fields begins with "*", a day
/// must fit both. That is Vixie cron's rule.
///
/// Where the clock changes, for daylight saving as a rule:
/// - An expression whose hour field begins with "*" follows elapsed time: it runs in both of two hours that have the
///   same name, and knows nothing of an hour that is left out.
/// - For all others a time that comes twice counts once, the first time; and if the clock jumps over one or several of
///   their times, they run once for them, at the moment of the jump.
class CronExpression
{
public:
    /// Error::Invalid names the field and the mend; also for a day that no month has, such as 30 February.
    static Result<CronExpression> parse(const QString &text);

    /// The first time after \a after, in UTC, at which the clocks of \a zone show what is asked for. Null if there is
    /// none within 50 years, or \a zone is not valid.
    std::optional<std::chrono::sys_seconds> next(std::chrono::sys_seconds after, const QTimeZone &zone) const;

    /// As it was written, with single blanks.
    const QString &text() const { return m_text; }

    bool operator==(const CronExpression &other) const { return m_text == other.m_text; }

private:
    CronExpression() = default;

    bool everMatches() const;
    bool matchesDay(std::chrono::local_days day) const;
    /// Seconds from midnight, the first from \a from on; null if there is none that day.
    std::optional<std::chrono::seconds> timeOfDay(std::chrono::seconds from) const;
    /// The first on the clock's face from \a from on, and before \a before.
    std::optional<std::chrono::local_seconds> nextLocal(std::chrono::local_seconds from,
                                                        std::chrono::local_seconds before) const;

    QString m_text;
    CronField m_second;
    CronField m_minute;
    CronField m_hour;
    CronField m_dayOfMonth;
    CronField m_month;
    CronField m_dayOfWeek;
};

} // namespace Quern::cron
