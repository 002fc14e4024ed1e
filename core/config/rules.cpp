#include "config/rules.h"

#include "config/childrules.h"
#include "config/choices.h"
#include "config/listenreader.h"
#include "config/logcategories.h"
#include "config/numberlist.h"
#include "config/secrets.h"
#include "config/text.h"
#include "config/tlsrules.h"
#include "config/tomltext.h"
#include "config/units.h"

#include <QDir>
#include <QRegularExpression>

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <utility>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

constexpr std::array logLevels = {
    Choice<base::LogLevel>{base::LogLevel::Debug, "debug"_L1},
    Choice<base::LogLevel>{base::LogLevel::Info, "info"_L1},
    Choice<base::LogLevel>{base::LogLevel::Warning, "warning"_L1},
    Choice<base::LogLevel>{base::LogLevel::Error, "error"_L1},
};

constexpr std::array logFormats = {
    Choice<LogFormat>{LogFormat::Text, "text"_L1},
    Choice<LogFormat>{LogFormat::Json, "json"_L1},
};

constexpr std::array dispatchModes = {
    Choice<DispatchMode>{DispatchMode::RoundRobin, "round-robin"_L1},
    Choice<DispatchMode>{DispatchMode::ByConnection, "by-connection"_L1},
    Choice<DispatchMode>{DispatchMode::Idle, "idle"_L1},
    Choice<DispatchMode>{DispatchMode::ByAddress, "by-address"_L1},
    Choice<DispatchMode>{DispatchMode::ByUser, "by-user"_L1},
};

constexpr std::array accessLogFormats = {
    Choice<AccessLogFormat>{AccessLogFormat::Common, "common"_L1},
    Choice<AccessLogFormat>{AccessLogFormat::Combined, "combined"_L1},
    Choice<AccessLogFormat>{AccessLogFormat::Json, "json"_L1},
};

constexpr std::array reloadStrategies = {
    Choice<ReloadStrategy>{ReloadStrategy::Auto, "auto"_L1},
    Choice<ReloadStrategy>{ReloadStrategy::All, "all"_L1},
    Choice<ReloadStrategy>{ReloadStrategy::Rolling, "rolling"_L1},
};

constexpr std::array taskDrivers = {
    Choice<TaskDriver>{TaskDriver::Auto, "auto"_L1},
    Choice<TaskDriver>{TaskDriver::Memory, "memory"_L1},
    Choice<TaskDriver>{TaskDriver::Sqlite, "sqlite"_L1},
};

constexpr std::span<const Choice<LogFormat>> choicesOf(LogFormat)
{
    return logFormats;
}

constexpr std::span<const Choice<AccessLogFormat>> choicesOf(AccessLogFormat)
{
    return accessLogFormats;
}

constexpr std::span<const Choice<ReloadStrategy>> choicesOf(ReloadStrategy)
{
    return reloadStrategies;
}

constexpr std::span<const Choice<TaskDriver>> choicesOf(TaskDriver)
{
    return taskDrivers;
}

QString listText(const QStringList &list)
{
    return u'[' + quotedWords(list) + u']';
}

template <typename Integer>
void read(const IntegerRule<Integer> &rule, const Reading &reading, ServerSettings &settings)
{
    if (const auto number = readInteger(reading, rule.minimum, rule.maximum, qint64(settings.*rule.member)))
        settings.*rule.member = Integer(*number);
}

template <typename Integer>
void read(const SizeRule<Integer> &rule, const Reading &reading, ServerSettings &settings)
{
    const auto bytes = parseSize(reading.value);
    if (bytes && *bytes >= rule.minimum && *bytes <= rule.maximum) {
        settings.*rule.member = Integer(*bytes);
        return;
    }
    const quint64 mend = bytes ? std::clamp(*bytes, rule.minimum, rule.maximum) : quint64(settings.*rule.member);
    reading.refuse(Text::tr("a number of bytes or a string such as \"512K\" or \"8M\", from %1 to %2")
                       .arg(sizeText(rule.minimum), sizeText(rule.maximum)),
                   sizeText(mend));
}

void read(const DurationRule &rule, const Reading &reading, ServerSettings &settings)
{
    const auto duration = parseSeconds(reading.value, rule.longest);
    const bool isNone = rule.zeroIsNoLimit && duration == std::chrono::milliseconds::zero();
    if (isDuration(reading.value) && duration &&
        (isNone || (*duration >= rule.shortest && *duration <= rule.longest))) {
        settings.*rule.member = *duration;
        return;
    }
    auto mend = settings.*rule.member;
    if (duration && *duration >= rule.shortest)
        mend = std::min(*duration, rule.longest);
    const QString range =
        Text::tr("a number of seconds from %1 to %2").arg(secondsText(rule.shortest), secondsText(rule.longest));
    reading.refuse(rule.zeroIsNoLimit ? Text::tr("%1, or 0 for no limit").arg(range) : range, secondsText(mend));
}

void read(const FlagRule &rule, const Reading &reading, ServerSettings &settings)
{
    readFlag(reading, settings.*rule.member);
}

void read(const PathRule &rule, const Reading &reading, ServerSettings &settings)
{
    const QString path = reading.value.scalar.toString();
    if (!reading.value.isString() || hasControlCharacter(path) || (path.isEmpty() && !rule.mayBeEmpty)) {
        reading.refuse(Text::tr("a path in quotes"), quotedToml(settings.*rule.member));
        return;
    }
    settings.*rule.member =
        path.isEmpty() ? QString() : QDir::cleanPath(QDir(reading.directory).absoluteFilePath(path));
}

void read(const TextRule &rule, const Reading &reading, ServerSettings &settings)
{
    const QString text = reading.value.scalar.toString();
    const bool isPlain = text.trimmed() == text && std::all_of(text.begin(), text.end(), [](QChar c) {
                             return c >= QChar(0x20) && c <= QChar(0x7e);
                         });
    if (!reading.value.isString() || !isPlain || text.size() > rule.longest) {
        reading.refuse(Text::tr("a string of at most %1 visible ASCII characters").arg(rule.longest),
                       quotedToml(settings.*rule.member));
        return;
    }
    settings.*rule.member = text;
}

void read(const ListRule &rule, const Reading &reading, ServerSettings &settings)
{
    const TomlValue &value = reading.value;
    const QString mend = listText(settings.*rule.member);
    if (!value.isArray() && !value.isString()) {
        reading.refuse(Text::tr("a list of strings"), mend);
        return;
    }
    QStringList list;
    bool isRight = true;
    const auto add = [&](const TomlValue &element) {
        const QString text = element.scalar.toString();
        isRight = isRight && element.isString() && rule.accepts(text) && !list.contains(text);
        if (!element.isString() || !rule.accepts(text)) {
            reading.refuseAt(element.line, Text::tr("holds %1, which is not %2; correct or remove it")
                                               .arg(element.shown(), Text::tr(rule.element)));
        } else if (list.contains(text)) {
            reading.refuseAt(element.line, Text::tr("%1 is listed twice; remove one").arg(quotedOrMask(element, text)));
        } else {
            list.append(text);
        }
    };
    if (value.isArray()) {
        for (const TomlValue &element : value.elements)
            add(element);
    } else {
        add(value);
    }
    if (isRight && list.isEmpty() && !rule.mayBeEmpty)
        reading.refuse(Text::tr("a list of at least one string"), mend);
    else if (isRight)
        settings.*rule.member = list;
}

template <typename Enum>
void read(const ChoiceRule<Enum> &rule, const Reading &reading, ServerSettings &settings)
{
    readChoice(choicesOf(Enum()), reading, settings.*rule.member);
}

void read(const LogLevelRule &, const Reading &reading, ServerSettings &settings)
{
    readChoice(logLevels, reading, settings.logLevel);
}

void read(const LogCategoriesRule &, const Reading &reading, ServerSettings &settings)
{
    settings.logCategories = readLogCategories(reading, settings.logCategories);
}

void read(const DispatchModeRule &, const Reading &reading, ServerSettings &settings)
{
    const TomlValue &value = reading.value;
    const qint64 number = value.isInteger() ? value.scalar.toLongLong() : 0;
    if (number >= qint64(DispatchMode::RoundRobin) && number <= qint64(DispatchMode::ByUser)) {
        settings.dispatchMode = DispatchMode(number);
        return;
    }
    if (const auto *choice = findChoice(dispatchModes, value)) {
        settings.dispatchMode = choice->value;
    } else {
        reading.refuse(Text::tr("an integer from 1 to 5 or one of %1").arg(quotedWords(choiceNames(dispatchModes))),
                       choiceMend(dispatchModes, value, settings.dispatchMode));
    }
}

void read(const ListenRule &rule, const Reading &reading, ServerSettings &settings)
{
    settings.*rule.member = readListen(reading, settings.*rule.member);
}

void read(const SocketModeRule &, const Reading &reading, ServerSettings &settings)
{
    static const QRegularExpression form(u"\\A0?[67][0-7]{2}\\z"_s);
    const QString text = reading.value.scalar.toString();
    const bool isMode = form.match(text).hasMatch();
    if (reading.value.isString() && (isMode || text.isEmpty())) {
        settings.unixSocketMode = isMode ? std::optional(quint16(text.toUShort(nullptr, 8))) : std::nullopt;
        return;
    }
    // Digits without their quotes.
    const QString mend = isMode ? text.rightJustified(4, u'0') : u"0660"_s;
    reading.refuse(Text::tr("the octal digits of a mode in quotes, from \"0600\" to \"0777\""), quotedToml(mend));
}

void read(const VerifyPeerRule &, const Reading &reading, ServerSettings &settings)
{
    readVerifyPeer(reading, settings.sslVerifyPeer);
}

template <typename Number>
void read(const NumberListRule<Number> &rule, const Reading &reading, ServerSettings &settings)
{
    if (auto numbers = readNumbers(rule, reading, settings.*rule.member))
        settings.*rule.member = std::move(*numbers);
}

void read(const LocationRule &rule, const Reading &reading, ServerSettings &settings)
{
    const QString path = reading.value.scalar.toString();
    static const QRegularExpression form(u"^(/[A-Za-z0-9._~-]+)+$"_s);
    const QStringList segments = path.split(u'/');
    const bool isTaken = path == "/healthz"_L1 || path == "/readyz"_L1 || path.startsWith("/api/v1/"_L1);
    if (reading.value.isString() && form.match(path).hasMatch() && !isTaken && !segments.contains("."_L1) &&
        !segments.contains(".."_L1))
        settings.*rule.member = path;
    else
        reading.refuse(Text::tr("a path such as \"/metrics\""), quotedToml(settings.*rule.member));
}

void read(const SniCertificatesRule &, const Reading &reading, ServerSettings &settings)
{
    settings.sslSniCerts = readSniCertificates(reading);
}

/// Whether \a rule takes a number or a flag, which a variable can only spell.
bool isTyped(const Rule &rule)
{
    return std::holds_alternative<IntegerRule<int>>(rule) || std::holds_alternative<IntegerRule<quint16>>(rule) ||
           std::holds_alternative<DurationRule>(rule) || std::holds_alternative<FlagRule>(rule) ||
           std::holds_alternative<DispatchModeRule>(rule) || std::holds_alternative<VerifyPeerRule>(rule);
}

template <typename Integer>
QString text(const IntegerRule<Integer> &rule, const ServerSettings &settings)
{
    return QString::number(settings.*rule.member);
}

template <typename Integer>
QString text(const SizeRule<Integer> &rule, const ServerSettings &settings)
{
    return sizeText(settings.*rule.member);
}

QString text(const DurationRule &rule, const ServerSettings &settings)
{
    return secondsText(settings.*rule.member);
}

QString text(const FlagRule &rule, const ServerSettings &settings)
{
    return toTomlText(settings.*rule.member);
}

QString text(const PathRule &rule, const ServerSettings &settings)
{
    return quotedToml(settings.*rule.member);
}

QString text(const TextRule &rule, const ServerSettings &settings)
{
    return quotedToml(settings.*rule.member);
}

QString text(const ListRule &rule, const ServerSettings &settings)
{
    return listText(settings.*rule.member);
}

template <typename Enum>
QString text(const ChoiceRule<Enum> &rule, const ServerSettings &settings)
{
    return choiceText(choicesOf(Enum()), settings.*rule.member);
}

QString text(const LogLevelRule &, const ServerSettings &settings)
{
    return choiceText(logLevels, settings.logLevel);
}

QString text(const LogCategoriesRule &, const ServerSettings &settings)
{
    return listText(settings.logCategories);
}

QString text(const DispatchModeRule &, const ServerSettings &settings)
{
    return choiceText(dispatchModes, settings.dispatchMode);
}

QString text(const ListenRule &rule, const ServerSettings &settings)
{
    return listenText(settings.*rule.member);
}

QString text(const SocketModeRule &, const ServerSettings &settings)
{
    const auto mode = settings.unixSocketMode;
    return quotedToml(mode ? QString::number(*mode, 8).rightJustified(4, u'0') : QString());
}

QString text(const VerifyPeerRule &, const ServerSettings &settings)
{
    return verifyPeerText(settings.sslVerifyPeer);
}

template <typename Number>
QString text(const NumberListRule<Number> &rule, const ServerSettings &settings)
{
    return numbersText(settings.*rule.member);
}

QString text(const LocationRule &rule, const ServerSettings &settings)
{
    return quotedToml(settings.*rule.member);
}

QString text(const SniCertificatesRule &, const ServerSettings &settings)
{
    return sniCertificatesText(settings.sslSniCerts);
}

/// The member that \a rule fills.
template <typename MemberRule>
auto memberOf(const MemberRule &rule)
{
    return rule.member;
}

auto memberOf(const LogLevelRule &)
{
    return &ServerSettings::logLevel;
}

auto memberOf(const LogCategoriesRule &)
{
    return &ServerSettings::logCategories;
}

auto memberOf(const DispatchModeRule &)
{
    return &ServerSettings::dispatchMode;
}

auto memberOf(const SocketModeRule &)
{
    return &ServerSettings::unixSocketMode;
}

auto memberOf(const VerifyPeerRule &)
{
    return &ServerSettings::sslVerifyPeer;
}

auto memberOf(const SniCertificatesRule &)
{
    return &ServerSettings::sslSniCerts;
}

} // namespace

void Reading::refuse(const QString &expected, const QString &mend) const
{
    const QString what = Text::tr("must be %1, not %2").arg(expected, value.shown());
    QString cure = Text::tr("write %1 = %2").arg(name, mend);
    if (value.isOnlyVariables && value.variables.size() == 1) {
        // The mistake is not in this file, or in the default that stands in it.
        const UsedVariable &variable = value.variables.constFirst();
        const bool isQuoted = mend.size() > 1 && mend.startsWith(u'"') && mend.endsWith(u'"');
        const QString text = isQuoted ? mend.mid(1, mend.size() - 2) : mend;
        cure = variable.place.isEmpty() ? Text::tr("write ${%1:-%2}").arg(variable.name, text)
                                        : Text::tr("set %1=%2").arg(variable.name, text);
    }
    refuseAt(value.line, QStringLiteral("%1; %2").arg(what, cure));
}

void Reading::refuseAt(int line, const QString &text) const
{
    problems.add(line, table + u'.' + name, text);
}

void readValue(const Rule &rule, const Reading &reading, ServerSettings &settings)
{
    const TomlValue value = isTyped(rule) ? reading.value.typed() : reading.value;
    const Reading typed{reading.table, reading.name, value, reading.directory, reading.problems};
    std::visit([&](const auto &concrete) { read(concrete, typed, settings); }, rule);
}

QString valueText(const Rule &rule, const ServerSettings &settings)
{
    return std::visit([&settings](const auto &concrete) { return text(concrete, settings); }, rule);
}

void copyValue(const Rule &rule, const ServerSettings &from, ServerSettings &to)
{
    std::visit(
        [&from, &to](const auto &concrete) {
            const auto member = memberOf(concrete);
            to.*member = from.*member;
        },
        rule);
}

std::optional<qint64> readInteger(const Reading &reading, qint64 minimum, qint64 maximum, qint64 present)
{
    const TomlValue value = reading.value.typed();
    const qint64 number = value.scalar.toLongLong();
    if (value.isInteger() && number >= minimum && number <= maximum)
        return number;
    bool isNumber = value.isInteger();
    qint64 mend = number;
    if (value.isString())
        mend = value.scalar.toString().toLongLong(&isNumber);
    mend = isNumber ? std::clamp(mend, minimum, maximum) : present;
    reading.refuse(Text::tr("an integer from %1 to %2").arg(minimum).arg(maximum), QString::number(mend));
    return std::nullopt;
}

void readFlag(const Reading &reading, bool &flag)
{
    const TomlValue value = reading.value.typed();
    if (value.type == TomlValue::Type::Boolean) {
        flag = value.scalar.toBool();
        return;
    }
    const QString word = reading.value.scalar.toString().toLower();
    bool mend = flag;
    if (word == u"true" || word == u"1")
        mend = true;
    else if (word == u"false" || word == u"0")
        mend = false;
    reading.refuse(Text::tr("true or false"), toTomlText(mend));
}

} // namespace Quern::config
