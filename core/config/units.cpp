#include "config/units.h"

#include <QRegularExpression>

#include <algorithm>
#include <cmath>
#include <limits>

namespace Quern::config {

namespace {

struct Unit
{
    QChar letter;
    quint64 bytes;
};

constexpr Unit units[] = {
    {u'G', 1 << 30},
    {u'M', 1 << 20},
    {u'K', 1 << 10},
};

struct TimeUnit
{
    QLatin1StringView name;
    std::chrono::milliseconds length;
};

constexpr TimeUnit timeUnits[] = {
    {QLatin1StringView("d"), std::chrono::days(1)},          {QLatin1StringView("h"), std::chrono::hours(1)},
    {QLatin1StringView("m"), std::chrono::minutes(1)},       {QLatin1StringView("s"), std::chrono::seconds(1)},
    {QLatin1StringView("ms"), std::chrono::milliseconds(1)},
};
constexpr std::chrono::milliseconds longestParsed = std::chrono::days(366);

} // namespace

std::optional<quint64> parseSize(const TomlValue &value)
{
    if (value.isInteger()) {
        const qint64 bytes = value.scalar.toLongLong();
        return bytes < 0 ? std::nullopt : std::optional(quint64(bytes));
    }
    if (!value.isString())
        return std::nullopt;
    QString digits = value.scalar.toString();
    quint64 factor = 1;
    for (const Unit &unit : units) {
        if (digits.endsWith(unit.letter, Qt::CaseInsensitive)) {
            digits.chop(1);
            factor = unit.bytes;
            break;
        }
    }
    const auto isDigit = [](QChar c) { return c >= u'0' && c <= u'9'; };
    bool fits = false;
    const quint64 number = digits.toULongLong(&fits);
    if (!fits || !std::all_of(digits.begin(), digits.end(), isDigit) ||
        number > std::numeric_limits<quint64>::max() / factor) {
        return std::nullopt;
    }
    return number * factor;
}

QString sizeText(quint64 bytes)
{
    for (const Unit &unit : units) {
        if (bytes >= unit.bytes && bytes % unit.bytes == 0)
            return QStringLiteral("\"%1%2\"").arg(bytes / unit.bytes).arg(unit.letter);
    }
    return QString::number(bytes);
}

bool isDuration(const TomlValue &value)
{
    static const QRegularExpression form(QStringLiteral("\\A[0-9]{1,12}(ms|s|m|h|d)\\z"));
    return value.isNumber() || (value.isString() && form.match(value.scalar.toString()).hasMatch());
}

std::optional<std::chrono::milliseconds> parseDuration(const QString &text)
{
    static const QRegularExpression form(
        QStringLiteral("\\A\\s*([0-9]{1,12})\\s*(ms|s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)\\s*\\z"),
        QRegularExpression::CaseInsensitiveOption);
    const QRegularExpressionMatch match = form.match(text);
    if (!match.hasMatch())
        return std::nullopt;
    const QString word = match.captured(2).toLower();
    for (const TimeUnit &unit : timeUnits) {
        if (word == unit.name || (unit.name != u"ms" && word != u"ms" && word.startsWith(unit.name)))
            return std::chrono::milliseconds(
                std::min<qint64>(match.captured(1).toLongLong(), longestParsed / unit.length) * unit.length.count());
    }
    return std::nullopt;
}

QString durationText(std::chrono::milliseconds duration)
{
    for (const TimeUnit &unit : timeUnits) {
        if (duration % unit.length == std::chrono::milliseconds::zero())
            return QStringLiteral("%1%2").arg(duration / unit.length).arg(unit.name);
    }
    return QString();
}

std::optional<std::chrono::milliseconds> parseSeconds(const TomlValue &value, std::chrono::milliseconds longest)
{
    if (const auto duration = value.isString() ? parseDuration(value.scalar.toString()) : std::nullopt)
        return std::min(*duration, longest + std::chrono::milliseconds(1));
    bool isNumber = value.isNumber();
    double seconds = value.scalar.toDouble();
    if (value.isString())
        seconds = value.scalar.toString().toDouble(&isNumber);
    if (!isNumber || !(seconds >= 0))
        return std::nullopt;
    const double cut = std::min(seconds * 1000, double(longest.count() + 1));
    // Zero means "no limit" in places: a tiny value must not become it.
    const qint64 least = seconds > 0 ? 1 : 0;
    return std::chrono::milliseconds(std::max<qint64>(least, std::llround(cut)));
}

QString secondsText(std::chrono::milliseconds duration)
{
    const qint64 milliseconds = duration.count();
    QString text = QString::number(milliseconds / 1000);
    if (milliseconds % 1000 != 0) {
        text += QStringLiteral(".%1").arg(milliseconds % 1000, 3, 10, QLatin1Char('0'));
        while (text.endsWith(u'0'))
            text.chop(1);
    }
    return text;
}

} // namespace Quern::config
