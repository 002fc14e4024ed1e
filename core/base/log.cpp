#include "base/log.h"

#include "base/filedescriptor.h"
#include "base/systemerror.h"

#include <QByteArray>
#include <QDateTime>
#include <QFile>
#include <QLoggingCategory>

#include <fcntl.h>
#include <utility>

namespace Quern::base {

namespace {

struct Log
{
    QByteArray path;
    FileDescriptor file; ///< invalid: standard error
    QByteArray role = QByteArrayLiteral("quern");
    LogStyle style = LogStyle::Full;
};

Log &log()
{
    // Never destroyed: threads and static objects may log until the very end.
    static Log *const instance = new Log;
    return *instance;
}

/// Control characters would let a client forge log lines or steer a terminal.
QByteArray printable(const QByteArray &text)
{
    QByteArray out;
    out.reserve(text.size());
    const auto isC1 = [](unsigned char lead, unsigned char next) {
        return lead == 0xc2 && next >= 0x80 && next < 0xa0;
    };
    for (qsizetype i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
        const auto before = static_cast<unsigned char>(i > 0 ? text[i - 1] : 0);
        const bool isControl = (byte < 0x20 && byte != '\t') || byte == 0x7f || isC1(byte, next) || isC1(before, byte);
        if (isControl)
            out += QByteArrayLiteral("\\x") + QByteArray::number(byte, 16).rightJustified(2, '0');
        else
            out += text[i];
    }
    return out;
}

/// Priorities as syslog(3) numbers them.
struct Level
{
    char priority;
    const char *name;
};
constexpr Level debugLevel = {'7', "debug"};
constexpr Level infoLevel = {'6', "info "};
constexpr Level warningLevel = {'4', "warn "};
constexpr Level errorLevel = {'3', "error"};

const Level &levelOf(QtMsgType type)
{
    switch (type) {
    case QtDebugMsg:
        return debugLevel;
    case QtInfoMsg:
        return infoLevel;
    case QtWarningMsg:
        return warningLevel;
    case QtCriticalMsg:
    case QtFatalMsg:
        break;
    }
    return errorLevel;
}

void writeAll(const QByteArray &line)
{
    const int fd = log().file.isValid() ? log().file.get() : STDERR_FILENO;
    const char *data = line.constData();
    qsizetype left = line.size();
    while (left > 0) {
        const ssize_t written = ::write(fd, data, size_t(left));
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; // a full disk or a closed terminal must not stop the service
        data += written;
        left -= written;
    }
}

/// One write() a line, so that lines of several threads and processes do not mix.
void writeLine(const Level &level, const QByteArray &role, const QByteArray &text)
{
    QByteArray line;
    if (log().style == LogStyle::PriorityPrefix) {
        line = QByteArrayLiteral("<") + level.priority + '>' + text + '\n';
    } else {
        line = QDateTime::currentDateTime().toString(u"yyyy-MM-dd HH:mm:ss.zzz").toLatin1() + ' ' + level.name + ' ' +
               role.leftJustified(9) + ' ' + text + '\n';
    }
    writeAll(line);
}

void handleMessage(QtMsgType type, const QMessageLogContext &, const QString &message)
{
    // What a message has from a client must not look like a message of its own.
    QByteArray continuation;
    const QList<QByteArray> lines = message.toUtf8().split('\n');
    for (const QByteArray &line : lines)
        writeLine(levelOf(type), log().role, std::exchange(continuation, "  | ") + printable(line));
}

QString filterRules(LogLevel level)
{
    QString rules;
    if (level > LogLevel::Debug)
        rules += QStringLiteral("*.debug=false\n");
    else
        rules += QStringLiteral("quern.*.debug=true\n");
    if (level > LogLevel::Info)
        rules += QStringLiteral("*.info=false\n");
    if (level > LogLevel::Warning)
        rules += QStringLiteral("*.warning=false\n");
    return rules;
}

Result<FileDescriptor> openLog()
{
    FileDescriptor file(::open(log().path.constData(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
    if (!file.isValid())
        return systemError(QStringLiteral("cannot open the log file %1").arg(QFile::decodeName(log().path)));
    return file;
}

} // namespace

Result<void> startLog(const LogTarget &target)
{
    log().role = target.role.toUtf8();
    log().style = target.style;
    log().path = QFile::encodeName(target.file);
    if (!target.file.isEmpty()) {
        Result<FileDescriptor> file = openLog();
        if (!file)
            return file.error();
        log().file = std::move(*file);
    }
    QLoggingCategory::setFilterRules(filterRules(target.level));
    qInstallMessageHandler(handleMessage);
    return {};
}

Result<void> reopenLog()
{
    if (!logsToFile())
        return {};
    const Result<FileDescriptor> file = openLog();
    if (!file)
        return file.error();
    // Under the same number: other threads are writing to it.
    if (::dup3(file->get(), log().file.get(), O_CLOEXEC) < 0)
        return systemError(QStringLiteral("cannot open the log file anew"));
    return {};
}

bool logsToFile()
{
    return log().file.isValid();
}

void logChildLine(const QString &role, const QByteArray &line)
{
    for (const Level &level : {debugLevel, infoLevel, warningLevel, errorLevel}) {
        const char prefix[] = {'<', level.priority, '>', '\0'};
        if (line.startsWith(prefix)) {
            writeLine(level, role.toUtf8(), printable(line.mid(3)));
            return;
        }
    }
    writeLine(infoLevel, role.toUtf8(), printable(line));
}

} // namespace Quern::base
