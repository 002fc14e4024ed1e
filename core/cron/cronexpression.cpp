#include "cron/cronexpression.h"

#include "cron/text.h"

#include <QDateTime>
#include <QStringList>

#include <algorithm>
#include <array>
#include <bit>

using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;

namespace Quern::cron {

namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

/// 29 February on a day of the week comes again within 40.
constexpr std::chrono::years searched{50};
constexpr qsizetype longestText = 400;

struct Macro
{
    QLatin1StringView name;
    QLatin1StringView meaning;
};

constexpr std::array macros = {
    Macro{"@hourly"_L1, "0 * * * *"_L1},   Macro{"@daily"_L1, "0 0 * * *"_L1},   Macro{"@midnight"_L1, "0 0 * * *"_L1},
    Macro{"@weekly"_L1, "0 0 * * 0"_L1},   Macro{"@monthly"_L1, "0 0 1 * *"_L1}, Macro{"@yearly"_L1, "0 0 1 1 *"_L1},
    Macro{"@annually"_L1, "0 0 1 1 *"_L1},
};

/// Null if \a text is none.
const Macro *findMacro(const QString &text)
{
    const auto it = std::find_if(macros.begin(), macros.end(), [&text](const Macro &macro) {
        return text.compare(macro.name, Qt::CaseInsensitive) == 0;
    });
    return it == macros.end() ? nullptr : &*it;
}

/// The lowest value from \a from on; null if there is none.
std::optional<int> lowest(const CronField &field, int from)
{
    const quint64 left = from > 63 ? 0 : field.values >> from << from;
    return left == 0 ? std::nullopt : std::optional(std::countr_zero(left));
}

bool holds(const CronField &field, unsigned value)
{
    return (field.values >> value & 1) != 0;
}

QDateTime toQt(sys_seconds time)
{
    return QDateTime::fromSecsSinceEpoch(time.time_since_epoch().count(), Qt::UTC);
}

/// How far the clocks of \a zone are ahead of UTC at \a time.
seconds offsetAt(const QTimeZone &zone, sys_seconds time)
{
    return seconds(zone.offsetFromUtc(toQt(time)));
}

/// A moment at which the clocks of a zone are set to another time.
struct ClockChange
{
    sys_seconds at;
    seconds before; ///< ahead of UTC
    seconds after;

    local_seconds shownBefore() const { return local_seconds(at.time_since_epoch() + before); }
    local_seconds shownAfter() const { return local_seconds(at.time_since_epoch() + after); }
};

std::optional<ClockChange> changeOf(const QTimeZone &zone, const QTimeZone::OffsetData &data)
{
    if (!data.atUtc.isValid())
        return std::nullopt;
    const sys_seconds at{seconds(data.atUtc.toSecsSinceEpoch())};
    return ClockChange{at, offsetAt(zone, at - 1s), offsetAt(zone, at)};
}

std::optional<ClockChange> changeAfter(const QTimeZone &zone, sys_seconds time)
{
    return zone.hasTransitions() ? changeOf(zone, zone.nextTransition(toQt(time))) : std::nullopt;
}

/// The last change at or before \a time.
std::optional<ClockChange> changeBefore(const QTimeZone &zone, sys_seconds time)
{
    return zone.hasTransitions() ? changeOf(zone, zone.previousTransition(toQt(time + 1s))) : std::nullopt;
}

/// When the clocks show \a found, if they have \a offset until then. Of some zones Qt knows no changes from 2038 on,
/// but what the offset is at any time.
sys_seconds atOnClock(local_seconds found, seconds offset, const QTimeZone &zone, sys_seconds after)
{
    const sys_seconds expected(found.time_since_epoch() - offset);
    const sys_seconds shown(found.time_since_epoch() - offsetAt(zone, expected));
    return shown > after ? shown : expected;
}

} // namespace

Result<CronExpression> CronExpression::parse(const QString &text)
{
    CronExpression expression;
    expression.m_text = text.simplified();
    if (text.size() > longestText)
        return Error(Error::Invalid, Text::tr("has more than %1 characters; write a shorter one").arg(longestText));
    QString meaning = expression.m_text;
    if (meaning.startsWith(u'@')) {
        const Macro *macro = findMacro(meaning);
        if (!macro)
            return Error(Error::Invalid, Text::tr("\"%1\" is none of @hourly, @daily, @weekly, @monthly and @yearly; "
                                                  "write one of them, or five fields")
                                             .arg(meaning));
        meaning = macro->meaning;
    }
    QStringList fields = meaning.split(u' ', Qt::SkipEmptyParts);
    if (fields.size() == 5)
        fields.prepend(u"0"_s);
    if (fields.size() != 6)
        return Error(Error::Invalid,
                     Text::tr("has %1 fields; write five (minute, hour, day of the month, month, day of the week) or "
                              "six, with the second before them")
                         .arg(fields.size()));
    const std::array members = {&expression.m_second,     &expression.m_minute, &expression.m_hour,
                                &expression.m_dayOfMonth, &expression.m_month,  &expression.m_dayOfWeek};
    for (std::size_t i = 0; i < members.size(); ++i) {
        const Result<CronField> field = parseCronField(FieldKind(i), fields.at(qsizetype(i)));
        if (!field)
            return field.error();
        *members[i] = *field;
    }
    if (!expression.everMatches())
        return Error(Error::Invalid, Text::tr("asks for a day of the month that none of its months has; change the "
                                              "field \"day of the month\" or the field \"month\""));
    return expression;
}

bool CronExpression::everMatches() const
{
    // Any day of the week will do then, whatever its number in the month.
    if (!m_dayOfMonth.beginsWithStar && !m_dayOfWeek.beginsWithStar)
        return true;
    constexpr std::array<int, 13> longest = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int firstDay = lowest(m_dayOfMonth, 1).value_or(32);
    for (unsigned month = 1; month <= 12; ++month) {
        if (holds(m_month, month) && firstDay <= longest.at(month))
            return true;
    }
    return false;
}

bool CronExpression::matchesDay(local_days day) const
{
    const std::chrono::year_month_day date(day);
    const bool fitsMonth = holds(m_dayOfMonth, unsigned(date.day()));
    const bool fitsWeek = holds(m_dayOfWeek, std::chrono::weekday(day).c_encoding());
    const bool isEither = !m_dayOfMonth.beginsWithStar && !m_dayOfWeek.beginsWithStar;
    return isEither ? fitsMonth || fitsWeek : fitsMonth && fitsWeek;
}

std::optional<seconds> CronExpression::timeOfDay(seconds from) const
{
    const std::chrono::hh_mm_ss start(from);
    int minute = int(start.minutes().count());
    int second = int(start.seconds().count());
    for (auto hour = lowest(m_hour, int(start.hours().count())); hour; hour = lowest(m_hour, *hour + 1)) {
        if (*hour > start.hours().count())
            minute = second = 0;
        for (auto fit = lowest(m_minute, minute); fit; fit = lowest(m_minute, *fit + 1)) {
            if (const auto last = lowest(m_second, *fit > minute ? 0 : second))
                return std::chrono::hours(*hour) + std::chrono::minutes(*fit) + seconds(*last);
        }
    }
    return std::nullopt;
}

std::optional<local_seconds> CronExpression::nextLocal(local_seconds from, local_seconds before) const
{
    for (auto day = std::chrono::floor<days>(from); day < before; day += days(1)) {
        const std::chrono::year_month_day date(day);
        if (!holds(m_month, unsigned(date.month()))) {
            day = local_days(date.year() / date.month() / std::chrono::last); // goes on with the first of the next
            continue;
        }
        if (!matchesDay(day))
            continue;
        const auto time = timeOfDay(std::max<seconds>(from - day, 0s));
        if (time && day + *time < before)
            return day + *time;
    }
    return std::nullopt;
}

std::optional<sys_seconds> CronExpression::next(sys_seconds after, const QTimeZone &zone) const
{
    if (!zone.isValid())
        return std::nullopt;
    const bool followsElapsedTime = m_hour.beginsWithStar;
    const sys_seconds end = after + searched;
    seconds offset = offsetAt(zone, after);
    local_seconds from(after.time_since_epoch() + offset + 1s);
    // What the clocks have shown before they were set back has had its run.
    const auto skipRepeated = [&](const ClockChange &change) {
        if (!followsElapsedTime)
            from = std::max(from, change.shownBefore());
    };
    if (const auto change = changeBefore(zone, after))
        skipRepeated(*change);
    for (sys_seconds begin = after; begin < end;) {
        const auto change = changeAfter(zone, begin);
        const sys_seconds until = change ? std::min(change->at, end) : end;
        if (const auto found = nextLocal(from, local_seconds(until.time_since_epoch() + offset)))
            return atOnClock(*found, offset, zone, after);
        if (!change)
            return std::nullopt;
        if (!followsElapsedTime && nextLocal(std::max(from, change->shownBefore()), change->shownAfter()))
            return change->at;
        offset = change->after;
        from = change->shownAfter();
        skipRepeated(*change);
        begin = change->at;
    }
    return std::nullopt;
}

} // namespace Quern::cron
