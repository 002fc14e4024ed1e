#pragma once

#include "base/loglevels.h"

#include <QByteArray>
#include <QByteArrayView>

#include <optional>

namespace Quern::base {

/// The longest message, in bytes: what is more is cut, and the cut is told at its end.
inline constexpr qsizetype MaxLogMessage = 64 * 1024;
/// The longest line that childLine() makes, its line end not counted.
inline constexpr qsizetype MaxChildLine = MaxLogMessage + 512;

/// One message in the log. A plain value; any thread.
struct LogRecord
{
    qint64 time = 0; ///< milliseconds since 1970 in UTC
    LogLevel level = LogLevel::Info;
    QByteArray role; ///< who spoke: "master", "worker 2"
    qint64 pid = 0;  ///< of the process that spoke
    QByteArray category;
    QByteArray text;    ///< see printable(); its lines are separated by '\n'
    quint64 serial = 0; ///< its place in the history; 0: it has none

    bool operator==(const LogRecord &) const = default;
};

/// \a text as valid UTF-8 without control characters, so that it can neither forge lines nor steer a terminal: all but
/// tab and line feed, and bytes that are no UTF-8, become "\x1b". Cut to MaxLogMessage.
QByteArray printable(QByteArrayView text);

/// One line for each line of the message, in local time, each with its end:
/// "2026-01-31 12:00:00.123 info  master    text"; from the second on the text begins with "  | ".
QByteArray textLines(const LogRecord &record);
/// One line with its end: {"time":"2026-01-31T12:00:00.123Z","level":"info","role":"master","pid":12,
/// "category":"quern.master","message":"text"}.
QByteArray jsonLine(const LogRecord &record);

/// What a child prints for the master to complete, with its end: a priority as in sd-daemon(3), the category, and the
/// message with 0x1e for its line feeds. Shape: "<6>" category 0x1f text.
QByteArray childLine(const LogRecord &record);
/// Reads level, category and text of a line that a child printed, without its end. Whatever does not look like
/// childLine() is the application's own output: level info, or that of its priority, category OutputCategory.
LogRecord parseChildLine(QByteArrayView line);
/// Whether \a line is one of childLine(), and no output of the application.
bool isLogLine(QByteArrayView line);

/// Reads a line of textLines() or jsonLine(), without its end; the former tells neither pid nor category. Nullopt for
/// any other line.
std::optional<LogRecord> parseLogLine(QByteArrayView line);
/// The time that such a line begins with, of which no more than the beginning is needed.
std::optional<qint64> timeOfLogLine(QByteArrayView line);

} // namespace Quern::base
