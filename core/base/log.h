#pragma once

#include <Quern/result.h>

#include <QString>

namespace Quern::base {

/// What reaches the log, from chatty to silent.
enum class LogLevel { Debug, Info, Warning, Error };

enum class LogStyle {
    Full,           ///< "2026-01-31 12:00:00.123 info  master    text"
    PriorityPrefix, ///< "<6>text" as in sd-daemon(3): what a child prints for the master to complete
};

/// Where log lines go and what they look like.
struct LogTarget
{
    QString file; ///< absolute path, appended to; empty: standard error
    QString role; ///< who speaks: "master", "worker 2"; unused in style PriorityPrefix
    LogLevel level = LogLevel::Info;
    LogStyle style = LogStyle::Full;
};

/// Routes qDebug() … qCritical() and all logging categories to \a target. Call it in main(); any thread may log.
/// Error::Permission or Error::Io if the file cannot be opened.
Result<void> startLog(const LogTarget &target);

/// Opens the log file anew, after logrotate has renamed it. Does nothing if the log goes to standard error. Any thread.
Result<void> reopenLog();
/// The log goes to a file.
bool logsToFile();

/// Writes one line that a child process printed, under its own role name. A priority prefix sets its level; a line
/// without one, such as the application's own output, is "info".
void logChildLine(const QString &role, const QByteArray &line);

} // namespace Quern::base
