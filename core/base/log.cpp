#include "base/log.h"

#include <QDateTime>
#include <QLoggingCategory>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <unistd.h>

namespace Quern::base {

namespace {

struct Log
{
    std::mutex mutex; ///< guards what follows, and keeps the lines of several threads apart
    LogFile file;     ///< not open: standard error
    QByteArray role = QByteArrayLiteral("quern");
    LogStyle style = LogStyle::Text;
    LogLevels levels;
    std::atomic<bool> toFile = false;
    LogHistory history; ///< has a lock of its own
};

Log &log()
{
    // Never destroyed: threads and static objects may log until the very end.
    static Log *const instance = new Log;
    return *instance;
}

QByteArray formatted(const LogRecord &record)
{
    switch (log().style) {
    case LogStyle::Text:
        return textLines(record);
    case LogStyle::Json:
        return jsonLine(record);
    case LogStyle::PriorityPrefix:
        break;
    }
    return childLine(record);
}

void writeToStandardError(const QByteArray &lines)
{
    const char *data = lines.constData();
    qsizetype left = lines.size();
    while (left > 0) {
        const ssize_t written = ::write(STDERR_FILENO, data, size_t(left));
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; // a closed terminal must not stop the service
        data += written;
        left -= written;
    }
}

void remember(const LogRecord &record)
{
    if (log().style != LogStyle::PriorityPrefix)
        log().history.append(record);
}

/// A message of this process.
LogRecord ownRecord(LogLevel level, const QString &text)
{
    LogRecord record;
    record.time = QDateTime::currentMSecsSinceEpoch();
    record.level = level;
    record.role = log().role;
    record.pid = ::getpid();
    record.category = "quern.log";
    record.text = printable(text.toUtf8());
    return record;
}

/// What hinders the log file is told wherever it can be told.
void tellNotices(const QList<LogFile::Notice> &notices)
{
    for (const LogFile::Notice &notice : notices) {
        const LogRecord record = ownRecord(notice.level, notice.text);
        const QByteArray lines = formatted(record);
        // One that has just lost a line may still have room for a shorter one, and must not count as mended by it.
        if (log().file.state())
            log().file.append(lines, record.time);
        writeToStandardError(lines);
        remember(record);
    }
}

void write(const LogRecord &record)
{
    // Nothing below may log; should it do so all the same, that line is dropped instead of waiting for itself.
    // Aligned as .dynamic is: mold 1.10 lets the read-only pages begin at the thread's, and a few bytes between the two
    // may be a page that is not there; then the program cannot be loaded.
    alignas(8) thread_local bool isWriting = false;
    if (std::exchange(isWriting, true))
        return;
    {
        const std::lock_guard lock(log().mutex);
        const QByteArray lines = formatted(record);
        if (log().file.isOpen()) {
            const QList<LogFile::Notice> notices = log().file.append(lines, record.time);
            remember(record);
            tellNotices(notices);
        } else {
            writeToStandardError(lines);
            remember(record);
        }
    }
    isWriting = false;
}

LogLevel levelOf(QtMsgType type)
{
    switch (type) {
    case QtDebugMsg:
        return LogLevel::Debug;
    case QtInfoMsg:
        return LogLevel::Info;
    case QtWarningMsg:
        return LogLevel::Warning;
    case QtCriticalMsg:
    case QtFatalMsg:
        break;
    }
    return LogLevel::Error;
}

void handleMessage(QtMsgType type, const QMessageLogContext &context, const QString &message)
{
    LogRecord record = ownRecord(levelOf(type), message);
    record.category = context.category ? printable(context.category).replace('\n', ' ') : "default";
    write(record);
}

} // namespace

Result<void> startLog(const LogTarget &target)
{
    {
        const std::lock_guard lock(log().mutex);
        log().role = target.role.toUtf8();
        log().style = target.style;
        if (!target.file.isEmpty()) {
            if (const Result<void> opened = log().file.open(target.file, target.rotation); !opened)
                return opened;
            // Whether the disk has room shows only now.
            if (!target.firstLine.isEmpty()) {
                const LogRecord record = ownRecord(LogLevel::Info, target.firstLine);
                log().file.append(formatted(record), record.time);
                if (const Result<void> state = log().file.state(); !state)
                    return state;
                remember(record);
            }
            log().toFile = true;
        }
    }
    setLogLevels(target.levels);
    qInstallMessageHandler(handleMessage);
    return {};
}

void setLogLevels(const LogLevels &levels)
{
    {
        const std::lock_guard lock(log().mutex);
        log().levels = levels;
    }
    QLoggingCategory::setFilterRules(levels.filterRules());
}

LogLevels logLevels()
{
    const std::lock_guard lock(log().mutex);
    return log().levels;
}

Result<void> reopenLog()
{
    const std::lock_guard lock(log().mutex);
    return log().file.isOpen() ? log().file.reopen() : Result<void>();
}

bool logsToFile()
{
    return log().toFile;
}

LogHistory &logHistory()
{
    return log().history;
}

void logChildLine(const QString &role, qint64 pid, QByteArrayView line)
{
    LogRecord record = parseChildLine(line);
    if (record.category == QByteArrayView(OutputCategory.data(), OutputCategory.size())) {
        const LogLevels levels = logLevels();
        if (record.level < levels.categories.value(OutputCategory, LogLevel::Debug))
            return;
    }
    record.time = QDateTime::currentMSecsSinceEpoch();
    record.role = role.toUtf8();
    record.pid = pid;
    write(record);
}

} // namespace Quern::base
