#pragma once

#include "base/logfile.h"
#include "base/loghistory.h"
#include "base/loglevels.h"

#include <Quern/result.h>

#include <QString>

namespace Quern::base {

enum class LogStyle {
    Text,           ///< "2026-01-31 12:00:00.123 info  master    text"
    Json,           ///< one object a message; see jsonLine()
    PriorityPrefix, ///< "<6>category text": what a child prints for the master to complete; see childLine()
};

/// Where log lines go and what they look like.
struct LogTarget
{
    QString file; ///< absolute path, appended to; empty: standard error
    QString role; ///< who speaks: "master", "worker 2"; unused in style PriorityPrefix
    LogLevels levels;
    LogStyle style = LogStyle::Text;
    LogRotation rotation;
    QString firstLine; ///< what a log file begins with, whatever the levels; empty: nothing
};

/// Routes qDebug() … qCritical() and all logging categories to \a target. Call it in main(); any thread may log.
/// Error::NotFound, Error::Permission or Error::Io if the file cannot be opened, or does not take the first line.
Result<void> startLog(const LogTarget &target);

/// From now on these hold. Any thread.
void setLogLevels(const LogLevels &levels);
LogLevels logLevels();

/// Opens the log file anew, after logrotate has renamed it. Does nothing if the log goes to standard error. Any thread.
Result<void> reopenLog();
/// The log goes to a file.
bool logsToFile();

/// The last messages, those of children included; empty in style PriorityPrefix.
LogHistory &logHistory();

/// Writes one line that the child process \a pid printed, under its own role name; see parseChildLine(). The children
/// judge by themselves what their levels let through; what they print without a level goes through, unless
/// OutputCategory has a level of its own.
void logChildLine(const QString &role, qint64 pid, QByteArrayView line);

} // namespace Quern::base
