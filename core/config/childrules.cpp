#include "config/childrules.h"

#include "config/suggestion.h"
#include "config/text.h"
#include "config/tomltext.h"
#include "config/units.h"

#include <QRegularExpression>

#include <algorithm>
#include <array>
#include <limits>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

/// One entry of child_limits, by the name that limits.conf(5) has for it.
struct Limit
{
    QLatin1StringView name;
    std::optional<quint64> ChildLimits::*member;
    quint64 minimum;
    bool isBytes;
    QLatin1StringView mend;
};

/// With fewer a child cannot hold its channels and its plugins.
constexpr quint64 fewestFiles = 64;
/// No child has loaded its libraries in less.
constexpr quint64 leastMemory = quint64(64) << 20;
constexpr quint64 mostFiles = 1U << 30;
constexpr quint64 mostBytes = quint64(1) << 50;

constexpr std::array limits = {
    Limit{"nofile"_L1, &ChildLimits::openFiles, fewestFiles, false, "4096"_L1},
    Limit{"nproc"_L1, &ChildLimits::processes, 1, false, "256"_L1},
    Limit{"as"_L1, &ChildLimits::addressSpace, leastMemory, true, "\"2G\""_L1},
    Limit{"core"_L1, &ChildLimits::coreSize, 0, true, "0"_L1},
    Limit{"fsize"_L1, &ChildLimits::fileSize, 1, true, "\"1G\""_L1},
};

QString numberText(const Limit &limit, quint64 number)
{
    if (number == ChildLimits::Unlimited)
        return quotedToml(u"unlimited"_s);
    return limit.isBytes ? sizeText(number) : QString::number(number);
}

QString expected(const Limit &limit)
{
    const quint64 most = limit.isBytes ? mostBytes : mostFiles;
    const QString range = limit.isBytes
                              ? Text::tr("a number of bytes or a string such as \"512M\" or \"2G\", from %1 to %2")
                                    .arg(sizeText(limit.minimum), sizeText(most))
                              : Text::tr("an integer from %1 to %2").arg(limit.minimum).arg(most);
    return Text::tr("%1, or \"unlimited\"").arg(range);
}

void readLimit(const Limit &limit, const TomlEntry &entry, const Reading &reading, ChildLimits &result)
{
    const TomlValue value = entry.value.typed();
    if (value.isString() && value.scalar.toString() == u"unlimited") {
        result.*limit.member = ChildLimits::Unlimited;
        return;
    }
    const std::optional<quint64> number =
        limit.isBytes || value.isInteger() ? parseSize(value) : std::optional<quint64>();
    if (number && *number >= limit.minimum && *number <= (limit.isBytes ? mostBytes : mostFiles)) {
        result.*limit.member = *number;
        return;
    }
    const Reading element{reading.table, reading.name + u'.' + limit.name, entry.value, reading.directory,
                          reading.problems};
    element.refuseAt(entry.line,
                     Text::tr("must be %1, not %2; write %3 = %4")
                         .arg(expected(limit), entry.value.shown(), QString(limit.name), QString(limit.mend)));
}

} // namespace

void read(const AccountRule &rule, const Reading &reading, ServerSettings &settings)
{
    const TomlValue &value = reading.value;
    const QString text = value.scalar.toString();
    // Whether there is such an account, its machine tells: the file may have been written on another.
    static const QRegularExpression form(u"\\A[A-Za-z0-9_.][A-Za-z0-9_.@\\\\-]*\\$?\\z"_s);
    constexpr qlonglong highest = std::numeric_limits<quint32>::max() - 1LL;
    const bool isNumber = value.isInteger() && value.scalar.toLongLong() >= 0 && value.scalar.toLongLong() <= highest;
    if (isNumber || (value.isString() && (text.isEmpty() || form.match(text).hasMatch())))
        settings.*rule.member = text;
    else
        reading.refuse(Text::tr("the name or the number of a %1").arg(reading.name), quotedToml(u"quern"_s));
}

void read(const MaskRule &rule, const Reading &reading, ServerSettings &settings)
{
    static const QRegularExpression form(u"\\A0?[0-7]{3}\\z"_s);
    const QString text = reading.value.scalar.toString();
    const bool isMask = form.match(text).hasMatch();
    const mode_t mask = isMask ? mode_t(text.toUInt(nullptr, 8)) : 0;
    // Its owner must be able to read what a child has written, a child included.
    const bool isUsable = (mask & 0700) == 0;
    if (reading.value.isString() && (text.isEmpty() || (isMask && isUsable))) {
        settings.*rule.member = isMask ? std::optional(mask) : std::nullopt;
        return;
    }
    // Digits without their quotes.
    const QString mend = isMask && isUsable ? text.rightJustified(4, u'0') : u"0027"_s;
    reading.refuse(Text::tr("the octal digits of a mask in quotes, from \"0000\" to \"0077\""), quotedToml(mend));
}

void read(const ChildLimitsRule &rule, const Reading &reading, ServerSettings &settings)
{
    if (!reading.value.isTable()) {
        reading.refuse(Text::tr("a table of limits"), u"{ nofile = 4096, core = 0 }"_s);
        return;
    }
    ChildLimits result;
    for (const TomlEntry &entry : reading.value.entries) {
        const auto limit =
            std::find_if(limits.begin(), limits.end(), [&entry](const Limit &each) { return entry.key == each.name; });
        if (limit != limits.end()) {
            readLimit(*limit, entry, reading, result);
            continue;
        }
        QStringList names;
        for (const Limit &each : limits)
            names += QString(each.name);
        reading.problems.addUnknownKey(entry.line, reading.table + u'.' + reading.name + u'.' + tomlKey(entry.key),
                                       entry.key, names);
    }
    settings.*rule.member = result;
}

QString text(const AccountRule &rule, const ServerSettings &settings)
{
    return quotedToml(settings.*rule.member);
}

QString text(const MaskRule &rule, const ServerSettings &settings)
{
    const std::optional<mode_t> mask = settings.*rule.member;
    return quotedToml(mask ? QString::number(*mask, 8).rightJustified(4, u'0') : QString());
}

QString text(const ChildLimitsRule &rule, const ServerSettings &settings)
{
    QStringList entries;
    for (const Limit &limit : limits) {
        if (const std::optional<quint64> number = (settings.*rule.member).*limit.member)
            entries += u"%1 = %2"_s.arg(QString(limit.name), numberText(limit, *number));
    }
    return entries.isEmpty() ? u"{}"_s : u"{ %1 }"_s.arg(entries.join(u", "_s));
}

} // namespace Quern::config
