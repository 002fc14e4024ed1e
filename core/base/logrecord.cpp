#include "base/logrecord.h"

#include <QDateTime>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace Quern::base {

using namespace Qt::Literals::StringLiterals;

namespace {

constexpr char unitSeparator = '\x1f';
constexpr char recordSeparator = '\x1e';
constexpr qsizetype maxCategory = 128;

/// Priorities as syslog(3) numbers them, and the names of the text format, all of one width.
struct Level
{
    LogLevel level;
    char priority;
    const char *name;
};
constexpr std::array levels = {
    Level{LogLevel::Debug, '7', "debug"},
    Level{LogLevel::Info, '6', "info "},
    Level{LogLevel::Warning, '4', "warn "},
    Level{LogLevel::Error, '3', "error"},
};

/// Bytes of the character that \a bytes begins with; 0 if that is no UTF-8 (RFC 3629 §4).
qsizetype characterLength(QByteArrayView bytes)
{
    const auto at = [bytes](qsizetype i) { return i < bytes.size() ? uchar(bytes[i]) : uchar(0); };
    const auto isTail = [&at](qsizetype i, uchar low = 0x80, uchar high = 0xbf) {
        return at(i) >= low && at(i) <= high;
    };
    const uchar lead = at(0);
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return isTail(1) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        const uchar low = lead == 0xe0 ? 0xa0 : 0x80;
        const uchar high = lead == 0xed ? 0x9f : 0xbf;
        return isTail(1, low, high) && isTail(2) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const uchar low = lead == 0xf0 ? 0x90 : 0x80;
        const uchar high = lead == 0xf4 ? 0x8f : 0xbf;
        return isTail(1, low, high) && isTail(2) && isTail(3) ? 4 : 0;
    }
    return 0;
}

bool isControl(QByteArrayView character)
{
    const auto lead = uchar(character[0]);
    if (character.size() == 1)
        return (lead < 0x20 && lead != '\t' && lead != '\n') || lead == 0x7f;
    return lead == 0xc2 && uchar(character[1]) < 0xa0; // U+0080 to U+009F
}

void appendEscaped(QByteArray &out, QByteArrayView bytes)
{
    for (const char byte : bytes)
        out += "\\x" + QByteArray::number(uchar(byte), 16).rightJustified(2, '0');
}

const Level &levelOf(LogLevel level)
{
    return levels.at(std::size_t(level));
}

QByteArray timeText(qint64 time, bool utc)
{
    const std::time_t seconds = std::time_t(time / 1000);
    std::tm parts = {};
    utc ? ::gmtime_r(&seconds, &parts) : ::localtime_r(&seconds, &parts);
    char text[40];
    const std::size_t length =
        std::strftime(text, sizeof text, utc ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &parts);
    char fraction[8];
    std::snprintf(fraction, sizeof fraction, ".%03d", int(time % 1000));
    return QByteArray(text, qsizetype(length)) + fraction + (utc ? "Z" : "");
}

/// \a text is printable().
void appendJson(QByteArray &out, QByteArrayView text)
{
    out += '"';
    for (const char byte : text) {
        if (byte == '"' || byte == '\\')
            out += '\\';
        if (byte == '\n')
            out += "\\n";
        else if (byte == '\t')
            out += "\\t";
        else
            out += byte;
    }
    out += '"';
}

std::optional<LogRecord> parseJsonLine(QByteArrayView line)
{
    const QJsonObject object = QJsonDocument::fromJson(line.toByteArray()).object();
    const std::optional<LogLevel> level = logLevelNamed(object.value("level"_L1).toString());
    const std::optional<qint64> time = timeOfLogLine(line);
    if (!level || !time || !object.contains("message"_L1))
        return std::nullopt;
    LogRecord record;
    record.time = *time;
    record.level = *level;
    record.role = printable(object.value("role"_L1).toString().toUtf8());
    record.pid = object.value("pid"_L1).toInteger();
    record.category = printable(object.value("category"_L1).toString().toUtf8());
    record.text = printable(object.value("message"_L1).toString().toUtf8());
    return record;
}

} // namespace

QByteArray printable(QByteArrayView text)
{
    constexpr QByteArrayView note = " … (the rest is cut)";
    QByteArray out;
    out.reserve(qMin(text.size(), MaxLogMessage));
    for (qsizetype i = 0; i < text.size() && out.size() <= MaxLogMessage;) {
        const qsizetype length = characterLength(text.sliced(i));
        const QByteArrayView character = text.sliced(i, qMax<qsizetype>(length, 1));
        if (length == 0 || isControl(character))
            appendEscaped(out, character);
        else
            out += character;
        i += character.size();
    }
    if (out.size() > MaxLogMessage) {
        qsizetype end = MaxLogMessage - note.size();
        while ((uchar(out[end]) & 0xc0) == 0x80) // not within a character
            --end;
        out.truncate(end);
        out += note;
    }
    return out;
}

QByteArray textLines(const LogRecord &record)
{
    const QByteArray front =
        timeText(record.time, false) + ' ' + levelOf(record.level).name + ' ' + record.role.leftJustified(9) + ' ';
    QByteArray out;
    qsizetype start = 0;
    while (true) {
        const qsizetype end = record.text.indexOf('\n', start);
        const qsizetype length = (end < 0 ? record.text.size() : end) - start;
        out += front;
        if (start > 0)
            out += "  | ";
        out += QByteArrayView(record.text).sliced(start, length);
        out += '\n';
        if (end < 0)
            return out;
        start = end + 1;
    }
}

QByteArray jsonLine(const LogRecord &record)
{
    QByteArray out = "{\"time\":\"" + timeText(record.time, true) + "\",\"level\":\"";
    out += nameOf(record.level).data();
    out += "\",\"role\":";
    appendJson(out, record.role);
    out += ",\"pid\":" + QByteArray::number(record.pid) + ",\"category\":";
    appendJson(out, record.category);
    out += ",\"message\":";
    appendJson(out, record.text);
    return out + "}\n";
}

QByteArray childLine(const LogRecord &record)
{
    QByteArray text = record.text;
    return QByteArrayLiteral("<") + levelOf(record.level).priority + '>' + record.category.left(maxCategory) +
           unitSeparator + text.replace('\n', recordSeparator) + '\n';
}

LogRecord parseChildLine(QByteArrayView line)
{
    LogRecord record;
    record.category = QByteArray(OutputCategory.data(), OutputCategory.size());
    const bool hasForm = line.size() >= 3 && line[0] == '<' && line[2] == '>';
    const auto level = std::find_if(levels.begin(), levels.end(),
                                    [&](const Level &candidate) { return hasForm && candidate.priority == line[1]; });
    if (level != levels.end()) {
        record.level = level->level;
        line = line.sliced(3);
        const qsizetype separator = line.first(qMin(line.size(), maxCategory + 1)).indexOf(unitSeparator);
        if (separator > 0) {
            record.category = printable(line.first(separator));
            QByteArray text = line.sliced(separator + 1).toByteArray();
            record.text = printable(text.replace('\n', "\\x0a").replace(recordSeparator, '\n'));
            return record;
        }
    }
    record.text = printable(line).replace('\n', "\\x0a");
    return record;
}

bool isLogLine(QByteArrayView line)
{
    return line.startsWith('<') && line.first(qMin(line.size(), maxCategory + 4)).contains(unitSeparator) &&
           parseChildLine(line).category != QByteArrayView(OutputCategory.data(), OutputCategory.size());
}

std::optional<LogRecord> parseLogLine(QByteArrayView line)
{
    if (line.startsWith('{'))
        return parseJsonLine(line);
    constexpr qsizetype levelPlace = 24;
    constexpr qsizetype rolePlace = 30;
    constexpr qsizetype roleWidth = 9;
    const std::optional<qint64> time = timeOfLogLine(line);
    if (!time || line.size() < rolePlace + roleWidth)
        return std::nullopt;
    const QByteArrayView name = line.sliced(levelPlace, rolePlace - levelPlace - 1);
    const auto level =
        std::find_if(levels.begin(), levels.end(), [name](const Level &candidate) { return name == candidate.name; });
    const QByteArrayView rest = line.sliced(rolePlace);
    // "worker 100" is wider than its column.
    const qsizetype end = rest.indexOf(' ', roleWidth);
    if (level == levels.end() || end < 0)
        return std::nullopt;
    LogRecord record;
    record.time = *time;
    record.level = level->level;
    record.role = printable(rest.first(end).trimmed());
    record.text = printable(rest.sliced(end + 1));
    return record;
}

std::optional<qint64> timeOfLogLine(QByteArrayView line)
{
    constexpr QByteArrayView jsonFront = "{\"time\":\"";
    constexpr qsizetype timeLength = 23; // of both formats, but for the "Z"
    const bool isJson = line.startsWith(jsonFront);
    if (isJson)
        line = line.sliced(jsonFront.size());
    const QString text = QString::fromLatin1(line.first(qMin(line.size(), timeLength)));
    QDateTime time = QDateTime::fromString(text, isJson ? u"yyyy-MM-ddTHH:mm:ss.zzz"_s : u"yyyy-MM-dd HH:mm:ss.zzz"_s);
    if (isJson)
        time.setTimeSpec(Qt::UTC);
    return time.isValid() ? std::optional(time.toMSecsSinceEpoch()) : std::nullopt;
}

} // namespace Quern::base
