#include "config/processkeys.h"

#include "config/choices.h"
#include "config/text.h"
#include "config/tomltext.h"
#include "config/units.h"

#include <QRegularExpression>

#include <array>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

using P = ProcessSettings;

constexpr int mostCopies = 1000;
constexpr int mostRetries = 1'000'000;
constexpr qsizetype longestHandler = 64;
constexpr quint64 kibibyte = 1024;
constexpr quint64 gibibyte = kibibyte * kibibyte * kibibyte;

constexpr std::array pipes = {
    Choice<PipeMode>{PipeMode::None, "none"_L1},
    Choice<PipeMode>{PipeMode::Stream, "stream"_L1},
    Choice<PipeMode>{PipeMode::Datagram, "datagram"_L1},
};

constexpr std::array sharings = {
    Choice<QueueSharing>{QueueSharing::None, "none"_L1},
    Choice<QueueSharing>{QueueSharing::Shared, "shared"_L1},
    Choice<QueueSharing>{QueueSharing::Addressed, "addressed"_L1},
};

void readName(const Reading &reading, P &process)
{
    static const QRegularExpression permitted(u"\\A[A-Za-z0-9_][A-Za-z0-9_-]{0,63}\\z"_s);
    const QString text = reading.value.scalar.toString();
    if (reading.value.isString() && permitted.match(text).hasMatch())
        process.name = text;
    else
        reading.refuse(Text::tr("a name of letters, digits, \"_\" and \"-\""), u"\"mailer\""_s);
}

void readHandler(const Reading &reading, P &process)
{
    const QString text = reading.value.scalar.toString();
    if (reading.value.isString() && !text.isEmpty() && text.trimmed() == text && text.size() <= longestHandler &&
        !hasControlCharacter(text)) {
        process.handler = text;
    } else {
        reading.refuse(Text::tr("the name of a handler, of at most %1 characters").arg(longestHandler),
                       u"\"mailer\""_s);
    }
}

template <bool P::*Member>
void readFlagOf(const Reading &reading, P &process)
{
    readFlag(reading, process.*Member);
}

template <int P::*Member, int Minimum, int Maximum>
void readNumber(const Reading &reading, P &process)
{
    if (const auto number = readInteger(reading, Minimum, Maximum, process.*Member))
        process.*Member = int(*number);
}

template <std::chrono::milliseconds P::*Member>
void readSeconds(const Reading &reading, P &process)
{
    const auto time = isDuration(reading.value) ? parseSeconds(reading.value) : std::nullopt;
    if (time && *time <= longestDuration)
        process.*Member = *time;
    else
        reading.refuse(Text::tr("a number of seconds from 0 to %1").arg(secondsText(longestDuration)),
                       secondsText(process.*Member));
}

void readBytes(const Reading &reading, quint64 minimum, quint64 maximum, quint64 &out)
{
    const auto bytes = parseSize(reading.value);
    if (bytes && *bytes >= minimum && *bytes <= maximum)
        out = *bytes;
    else
        reading.refuse(Text::tr("a size from %1 to %2").arg(sizeText(minimum), sizeText(maximum)), sizeText(out));
}

void readPipeBuffer(const Reading &reading, P &process)
{
    readBytes(reading, kibibyte, gibibyte, process.pipeBuffer);
}

void readMemoryLimit(const Reading &reading, P &process)
{
    readBytes(reading, 0, 1024 * gibibyte, process.memoryLimit);
}

void readQueue(const Reading &reading, P &process)
{
    if (!reading.value.isTable()) {
        reading.refuse(Text::tr("a table"), u"{ mode = \"shared\", capacity = 1000 }"_s);
        return;
    }
    QueueSettings queue;
    queue.mode = QueueSharing::Shared;
    for (const TomlEntry &entry : reading.value.entries) {
        const QString name = reading.name + u'.' + entry.key;
        const Reading inner{reading.table, name, entry.value, reading.directory, reading.problems};
        if (entry.key == u"mode")
            readChoice(sharings, inner, queue.mode);
        else if (entry.key == u"capacity")
            queue.capacity = int(readInteger(inner, 1, 100'000'000, queue.capacity).value_or(queue.capacity));
        else if (entry.key == u"memory")
            readBytes(inner, kibibyte, 1024 * gibibyte, queue.memory);
        else
            reading.problems.addUnknownKey(entry.line, reading.table + u'.' + reading.name + u'.' + tomlKey(entry.key),
                                           entry.key, {u"mode"_s, u"capacity"_s, u"memory"_s});
    }
    process.queue = queue;
}

void readParameters(const Reading &reading, P &process)
{
    if (reading.value.isTable())
        process.parameters = reading.value.toVariant().toMap();
    else
        reading.refuse(Text::tr("a table"), u"{ pause = 10 }"_s);
}

QString queueText(const P &process)
{
    return u"{ mode = %1, capacity = %2, memory = %3 }"_s.arg(choiceText(sharings, process.queue.mode))
        .arg(process.queue.capacity)
        .arg(sizeText(process.queue.memory));
}

template <bool P::*Member>
QString flagText(const P &process)
{
    return toTomlText(process.*Member);
}

template <int P::*Member>
QString numberText(const P &process)
{
    return QString::number(process.*Member);
}

template <std::chrono::milliseconds P::*Member>
QString timeText(const P &process)
{
    return secondsText(process.*Member);
}

constexpr std::array keys = {
    ProcessKey{"name"_L1, readName, [](const P &process) { return quotedToml(process.name); }, "",
               QT_TRANSLATE_NOOP("Quern::config", "What code, log and commands call it."),
               QT_TRANSLATE_NOOP("Quern::config", "the name of its handler")},
    ProcessKey{"handler"_L1, readHandler, [](const P &process) { return quotedToml(process.handler); }, "",
               QT_TRANSLATE_NOOP("Quern::config", "What it runs: a name that a plugin registers with app.process()."),
               QT_TRANSLATE_NOOP("Quern::config", "none, it must be there")},
    ProcessKey{"enable"_L1, readFlagOf<&P::enable>, flagText<&P::enable>, "",
               QT_TRANSLATE_NOOP("Quern::config", "Whether it runs.")},
    ProcessKey{"num"_L1, readNumber<&P::num, 1, mostCopies>, numberText<&P::num>, "",
               QT_TRANSLATE_NOOP("Quern::config", "How many copies of it run.")},
    ProcessKey{"restart_interval"_L1, readSeconds<&P::restartInterval>, timeText<&P::restartInterval>, "seconds",
               QT_TRANSLATE_NOOP("Quern::config",
                                 "How long after its end it is started again, at least 0.1 s after a life of "
                                 "less than a second; from the second quick end in a row on it doubles, up to "
                                 "a minute.")},
    ProcessKey{"start_seconds"_L1, readSeconds<&P::startSeconds>, timeText<&P::startSeconds>, "seconds",
               QT_TRANSLATE_NOOP("Quern::config", "It ends quickly if it ends before it has run for so long.")},
    ProcessKey{"start_retries"_L1, readNumber<&P::startRetries, 0, mostRetries>, numberText<&P::startRetries>, "",
               QT_TRANSLATE_NOOP("Quern::config", "How often it is started again after quick ends in a row; then it is "
                                                  "FATAL, until the next reload.")},
    ProcessKey{"redirect"_L1, readFlagOf<&P::redirect>, flagText<&P::redirect>, "",
               QT_TRANSLATE_NOOP("Quern::config", "Whether what it prints goes into its pipe instead of the log.")},
    ProcessKey{"pipe"_L1, [](const Reading &reading, P &process) { readChoice(pipes, reading, process.pipe); },
               [](const P &process) { return choiceText(pipes, process.pipe); }, "",
               QT_TRANSLATE_NOOP("Quern::config", "How others write to it and read from it: \"stream\", bytes that run "
                                                  "together, \"datagram\", each write by itself, or \"none\".")},
    ProcessKey{"pipe_buffer"_L1, readPipeBuffer, [](const P &process) { return sizeText(process.pipeBuffer); }, "bytes",
               QT_TRANSLATE_NOOP("Quern::config",
                                 "How much may wait in the pipe of each copy, in each direction; more is refused.")},
    ProcessKey{"queue"_L1, readQueue, queueText, "",
               QT_TRANSLATE_NOOP("Quern::config",
                                 "Its queue of messages: mode \"shared\", any copy takes the next, \"addressed\", each "
                                 "copy has its own, or \"none\"; capacity and memory of all copies together.")},
    ProcessKey{
        "memory_limit"_L1, readMemoryLimit, [](const P &process) { return sizeText(process.memoryLimit); }, "bytes",
        QT_TRANSLATE_NOOP("Quern::config",
                          "Memory of its own beyond which a copy is told to stop and replaced, without files and "
                          "shared memory; 0 for no limit; at twice as much it is killed.")},
    ProcessKey{"parameters"_L1, readParameters, [](const P &process) { return toTomlText(process.parameters); }, "",
               QT_TRANSLATE_NOOP("Quern::config", "Its own settings, in any form.")},
};

} // namespace

std::span<const ProcessKey> processKeys()
{
    return keys;
}

const ProcessKey *findProcessKey(const QString &name)
{
    const auto it = std::find_if(keys.begin(), keys.end(), [&name](const ProcessKey &key) { return name == key.name; });
    return it == keys.end() ? nullptr : &*it;
}

QStringList processKeyNames()
{
    QStringList names;
    for (const ProcessKey &key : keys)
        names += QString(key.name);
    return names;
}

QString processValue(const Settings &settings, qsizetype index, const ProcessKey &key, Secrets secrets)
{
    const ProcessSettings &process = settings.processes.at(index);
    const QString path = processPath(index, key.name);
    if (secrets == Secrets::Shown)
        return key.text(process);
    if (key.name == "parameters"_L1)
        return toTomlText(masked(process.parameters, path, settings.secrets));
    return settings.secrets.contains(path) ? quotedToml(secretMask) : key.text(process);
}

QString processPath(qsizetype index, QLatin1StringView key)
{
    return u"process[%1].%2"_s.arg(index).arg(key);
}

} // namespace Quern::config
