#include "config/cronkeys.h"

#include "config/choices.h"
#include "config/commandtext.h"
#include "config/suggestion.h"
#include "config/text.h"
#include "config/tomltext.h"
#include "cron/cronexpression.h"

#include <QRegularExpression>
#include <QTimeZone>

#include <array>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds shortestInterval{1};
constexpr milliseconds longestInterval = std::chrono::hours(24 * 24);
constexpr qsizetype mostWords = 100;

constexpr std::array missedChoices = {
    Choice<MissedRuns>{MissedRuns::Skip, "skip"_L1},
    Choice<MissedRuns>{MissedRuns::Once, "once"_L1},
    Choice<MissedRuns>{MissedRuns::CatchUp, "catch-up"_L1},
};

bool isName(const QString &text)
{
    static const QRegularExpression permitted(u"\\A[A-Za-z0-9_][A-Za-z0-9_-]{0,63}\\z"_s);
    return permitted.match(text).hasMatch();
}

template <QString CronSettings::*Member>
void readName(const Reading &reading, CronSettings &cron)
{
    const QString text = reading.value.scalar.toString();
    if (reading.value.isString() && isName(text))
        cron.*Member = text;
    else
        reading.refuse(Text::tr("a name of letters, digits, \"_\" and \"-\""), u"\"cleanup\""_s);
}

void readCommand(const Reading &reading, CronSettings &cron)
{
    if (reading.value.isArray() && reading.value.elements.empty()) {
        reading.refuseAt(reading.value.line,
                         Text::tr("is empty, and names no program; write command = [\"/usr/bin/backup\", \"-v\"]"));
        return;
    }
    QStringList words;
    bool isRight = reading.value.isArray() && reading.value.elements.size() <= mostWords;
    if (reading.value.isString()) {
        const Result<QStringList> split = splitCommand(reading.value.scalar.toString());
        if (!split) {
            reading.refuseAt(reading.value.line, split.error().message());
            return;
        }
        words = *split;
        isRight = words.size() <= mostWords;
    }
    for (const TomlValue &element : reading.value.elements) {
        isRight = isRight && element.isString();
        words += element.scalar.toString();
    }
    isRight = isRight && !words.isEmpty() && !words.constFirst().isEmpty();
    for (const QString &word : std::as_const(words))
        isRight = isRight && !word.contains(QChar::Null);
    if (isRight)
        cron.command = words;
    else
        reading.refuse(Text::tr("a program and its arguments, at most %1 strings").arg(mostWords),
                       u"[\"/usr/bin/backup\", \"-v\"]"_s);
}

/// Milliseconds from an integer, or from a string with a unit; for a message also from what is nearly one. Null for
/// anything else.
std::optional<milliseconds> parseInterval(const TomlValue &value)
{
    constexpr qint64 most = milliseconds(std::chrono::years(1)).count();
    if (value.isInteger())
        return milliseconds(std::clamp<qint64>(value.scalar.toLongLong(), -1, most));
    return value.isString() ? parseDuration(value.scalar.toString()) : std::nullopt;
}

/// What whoever has written \a value may have meant, as TOML.
QString meantInterval(const TomlValue &value, const std::optional<milliseconds> &interval)
{
    if (interval && *interval > longestInterval)
        return quotedToml(durationText(longestInterval));
    if (interval && *interval >= shortestInterval)
        return quotedToml(durationText(*interval));
    milliseconds mend = interval ? shortestInterval : milliseconds(1'000);
    // Whoever writes a fraction thinks of seconds.
    if (value.type == TomlValue::Type::Float)
        mend = std::clamp(parseSeconds(value).value_or(mend), shortestInterval, longestInterval);
    return QString::number(mend.count());
}

void readInterval(const Reading &reading, CronSettings &cron)
{
    const std::optional<milliseconds> interval = parseInterval(reading.value);
    if (interval && isDuration(reading.value) && *interval >= shortestInterval && *interval <= longestInterval) {
        cron.interval = *interval;
        return;
    }
    reading.refuse(Text::tr("a number of milliseconds, or a string such as \"10ms\", \"5s\", \"2m\", \"1h\", \"1d\", "
                            "from %1 ms to %2 days")
                       .arg(shortestInterval.count())
                       .arg(std::chrono::duration_cast<std::chrono::days>(longestInterval).count()),
                   meantInterval(reading.value, interval));
}

void readExpression(const Reading &reading, CronSettings &cron)
{
    if (!reading.value.isString()) {
        reading.refuse(Text::tr("a cron expression in quotes"), u"\"0 3 * * *\""_s);
        return;
    }
    const Result<cron::CronExpression> expression = cron::CronExpression::parse(reading.value.scalar.toString());
    if (expression)
        cron.expression = expression->text();
    else
        reading.refuseAt(reading.value.line, expression.error().message());
}

void readTimeZone(const Reading &reading, CronSettings &cron)
{
    const QString text = reading.value.scalar.toString();
    if (reading.value.isString() && !text.isEmpty() && QTimeZone::isTimeZoneIdAvailable(text.toUtf8())) {
        cron.timeZone = text;
        return;
    }
    QStringList zones;
    for (const QByteArray &zone : QTimeZone::availableTimeZoneIds())
        zones += QString::fromUtf8(zone);
    const QString meant = nearestWord(text, zones);
    reading.refuse(Text::tr("the name of a time zone that this system knows"),
                   quotedToml(meant.isEmpty() ? u"Europe/Berlin"_s : meant));
}

void readParameters(const Reading &reading, CronSettings &cron)
{
    if (reading.value.isTable())
        cron.parameters = reading.value.toVariant().toMap();
    else
        reading.refuse(Text::tr("a table"), u"{ keep_days = 30 }"_s);
}

void readOverlapMax(const Reading &reading, CronSettings &cron)
{
    if (const auto number = readInteger(reading, 2, 64, cron.overlapMax))
        cron.overlapMax = int(*number);
}

void readTimeout(const Reading &reading, CronSettings &cron)
{
    const std::optional<milliseconds> timeout = parseSeconds(reading.value);
    if (isDuration(reading.value) && timeout && *timeout <= longestDuration)
        cron.timeout = *timeout;
    else
        reading.refuse(Text::tr("a number of seconds up to %1, or 0 for no limit").arg(secondsText(longestDuration)),
                       secondsText(std::min(timeout.value_or(milliseconds(60'000)), longestDuration)));
}

template <bool CronSettings::*Member>
void readCronFlag(const Reading &reading, CronSettings &cron)
{
    readFlag(reading, cron.*Member);
}

template <auto Member>
QVariant memberValue(const CronSettings &cron)
{
    return QVariant::fromValue(cron.*Member);
}

using C = CronSettings;

constexpr std::array keys = {
    CronKey{"name"_L1, readName<&C::name>, memberValue<&C::name>, "",
            QT_TRANSLATE_NOOP("Quern::config", "What the log and the commands call it."),
            QT_TRANSLATE_NOOP("Quern::config", "the name of its job, or of its program")},
    CronKey{"job"_L1, readName<&C::job>, memberValue<&C::job>, "",
            QT_TRANSLATE_NOOP("Quern::config", "What runs: a name that a plugin registers with app.cron()."),
            QT_TRANSLATE_NOOP("Quern::config", "none")},
    CronKey{"command"_L1, readCommand,
            [](const CronSettings &cron) {
                QVariantList words;
                for (const QString &word : cron.command)
                    words += word;
                return QVariant(words);
            },
            "",
            QT_TRANSLATE_NOOP("Quern::config",
                              "What runs in place of a job: a program and its arguments, without a shell."),
            QT_TRANSLATE_NOOP("Quern::config", "none")},
    CronKey{"interval"_L1, readInterval,
            [](const CronSettings &cron) { return QVariant(qlonglong(cron.interval.count())); },
            QT_TRANSLATE_NOOP("Quern::config", "milliseconds"),
            QT_TRANSLATE_NOOP("Quern::config", "Time from one run to the next."),
            QT_TRANSLATE_NOOP("Quern::config", "what the plugin says")},
    CronKey{
        "expression"_L1, readExpression, memberValue<&C::expression>, "",
        QT_TRANSLATE_NOOP("Quern::config", "When it runs in place of an interval, five or six fields as in crontab."),
        QT_TRANSLATE_NOOP("Quern::config", "what the plugin says")},
    CronKey{"timezone"_L1, readTimeZone, memberValue<&C::timeZone>, "",
            QT_TRANSLATE_NOOP("Quern::config", "Time zone of the expression."),
            QT_TRANSLATE_NOOP("Quern::config", "that of the system")},
    CronKey{"immediate"_L1, readCronFlag<&C::immediate>, memberValue<&C::immediate>, "",
            QT_TRANSLATE_NOOP("Quern::config", "Whether it runs when the server starts and reloads as well.")},
    CronKey{"parameters"_L1, readParameters, memberValue<&C::parameters>, "",
            QT_TRANSLATE_NOOP("Quern::config", "What the job is given.")},
    CronKey{"overlap"_L1, readCronFlag<&C::overlap>, memberValue<&C::overlap>, "",
            QT_TRANSLATE_NOOP("Quern::config", "Whether a run may begin while another goes on.")},
    CronKey{"overlap_max"_L1, readOverlapMax,
            [](const CronSettings &cron) { return QVariant(qlonglong(cron.overlapMax)); }, "",
            QT_TRANSLATE_NOOP("Quern::config", "Runs at a time with overlap.")},
    CronKey{"missed"_L1,
            [](const Reading &reading, CronSettings &cron) { readChoice(missedChoices, reading, cron.missed); },
            [](const CronSettings &cron) { return QVariant(QString(missedChoices.at(std::size_t(cron.missed)).name)); },
            "",
            QT_TRANSLATE_NOOP("Quern::config",
                              "What becomes of runs that fall due while it runs, is paused, or the server is down: "
                              "\"skip\", \"once\" (one for all of them) or \"catch-up\" (each, up to 1,000).")},
    CronKey{"timeout"_L1, readTimeout,
            [](const CronSettings &cron) {
                const qlonglong count = cron.timeout.count();
                return count % 1000 == 0 ? QVariant(count / 1000) : QVariant(double(count) / 1000);
            },
            QT_TRANSLATE_NOOP("Quern::config", "seconds"),
            QT_TRANSLATE_NOOP(
                "Quern::config",
                "How long a run may take, until a program is ended and a job is asked to end; 0 for no limit.")},
    CronKey{"enabled"_L1, readCronFlag<&C::enabled>, memberValue<&C::enabled>, "",
            QT_TRANSLATE_NOOP("Quern::config", "Whether it runs at all.")},
};

} // namespace

std::span<const CronKey> cronKeys()
{
    return keys;
}

const CronKey *findCronKey(const QString &name)
{
    const auto it = std::find_if(keys.begin(), keys.end(), [&name](const CronKey &key) { return name == key.name; });
    return it == keys.end() ? nullptr : &*it;
}

QStringList cronKeyNames()
{
    QStringList names;
    for (const CronKey &key : keys)
        names += QString(key.name);
    return names;
}

QString cronPath(qsizetype index, QLatin1StringView key)
{
    return u"cron[%1].%2"_s.arg(index).arg(key);
}

bool isCronWritten(const Settings &settings, qsizetype index, QLatin1StringView key)
{
    return settings.origins.contains(cronPath(index, key));
}

QString shownCronValue(const Settings &settings, qsizetype index, const CronKey &key, Secrets secrets)
{
    const QVariant value = key.value(settings.crons.at(index));
    return toTomlText(secrets == Secrets::Shown ? value : masked(value, cronPath(index, key.name), settings.secrets));
}

QString defaultCronName(const CronSettings &cron)
{
    if (!cron.job.isEmpty() || cron.command.isEmpty())
        return cron.job;
    const QString &program = cron.command.constFirst();
    const QString name = program.mid(program.lastIndexOf(u'/') + 1);
    return isName(name) ? name : QString();
}

} // namespace Quern::config
