#include "app/server/logscommand.h"

#include "admin/protocol/logmessages.h"
#include "admin/protocol/methods.h"
#include "app/server/controlclient.h"
#include "app/server/logfilereader.h"
#include "app/server/logtarget.h"
#include "app/server/serverconnection.h"
#include "app/server/terminal.h"

#include <QFileInfo>
#include <QJsonDocument>
#include <QThread>

#include <csignal>
#include <cstdio>
#include <unistd.h>

namespace Quern::app {

namespace {

constexpr int mostLines = 1'000'000;
/// How often a file is looked at, and how long the server is waited for before the output is looked at.
constexpr unsigned long pollMilliseconds = 200;
constexpr std::chrono::milliseconds eventPatience = std::chrono::seconds(1);

/// Ctrl+C is how following ends: that is no failure.
void endQuietly(int)
{
    ::_exit(0);
}

/// Whoever read the output has gone.
bool isOutputClosed()
{
    return std::ferror(stdout) != 0;
}

QList<base::LogRecord> recordsOf(const admin::LogPage &page)
{
    QList<base::LogRecord> records;
    for (const admin::LogLine &line : page.lines)
        records.append(line.toRecord());
    return records;
}

} // namespace

Result<LogsCommand> LogsCommand::parse(const CommandLine &line)
{
    LogsCommand command;
    if (!line.lines.isEmpty()) {
        bool ok = false;
        command.m_lines = line.lines.toInt(&ok);
        if (!ok || command.m_lines < 0 || command.m_lines > mostLines) {
            return Error(
                Error::Invalid,
                tr("-n takes a number of lines from 0 to %1, not \"%2\"; write -n 100").arg(mostLines).arg(line.lines));
        }
    }
    if (!line.level.isEmpty()) {
        const std::optional<base::LogLevel> level = base::logLevelNamed(line.level);
        if (!level) {
            return Error(
                Error::Invalid,
                tr("--level takes debug, info, warning or error, not \"%1\"; write --level info").arg(line.level));
        }
        command.m_filter.least = *level;
    }
    if (!line.setLevel.isEmpty()) {
        base::LogLevels levels;
        if (const Result<void> changed = levels.change(line.setLevel); !changed)
            return Error(Error::Invalid, tr("--set-level: %1").arg(changed.error().message()));
    }
    command.m_filter.role = line.role.toUtf8();
    command.m_setLevel = line.setLevel;
    command.m_follow = line.follow;
    command.m_json = line.json;
    return command;
}

int LogsCommand::run(const config::Settings &settings) const
{
    ControlClient client;
    const Result<void> connected = connectToServer(settings, client);
    if (m_follow)
        std::signal(SIGINT, endQuietly);
    if (!m_setLevel.isEmpty()) {
        const int code = connected ? changeLevels(client) : fail(connected.error().message());
        if (code != 0 || !m_follow)
            return code;
    }
    if (!connected)
        return readFile(settings, connected.error().message());
    return m_follow ? follow(client) : readFrom(client);
}

int LogsCommand::changeLevels(ControlClient &client) const
{
    const Result<QJsonObject> answer =
        client.call(admin::Methods::logSetLevel, admin::LogLevelChange{m_setLevel}.toJson());
    const Result<admin::LogLevelsInForce> levels = answer ? admin::LogLevelsInForce::fromJson(*answer) : answer.error();
    if (!levels)
        return fail(tr("cannot change the levels: %1").arg(levels.error().message()));
    const QStringList all = QStringList{QString(base::nameOf(levels->general))} + levels->categories;
    terminal::say(m_json ? QString::fromUtf8(QJsonDocument(levels->toJson()).toJson(QJsonDocument::Compact))
                         : tr("The server logs: %1").arg(all.join(QStringLiteral(", "))));
    return 0;
}

int LogsCommand::readFrom(ControlClient &client) const
{
    admin::LogQuery query{m_lines, m_filter.least, QString::fromUtf8(m_filter.role), 0};
    QList<base::LogRecord> records;
    // Each page is older than the last.
    do {
        query.lines = m_lines - int(records.size());
        const Result<QJsonObject> answer = client.call(admin::Methods::logRead, query.toJson());
        const Result<admin::LogPage> page = answer ? admin::LogPage::fromJson(*answer) : answer.error();
        if (!page)
            return fail(tr("cannot read the log: %1").arg(page.error().message()));
        records = recordsOf(*page) + records;
        query.before = page->before;
    } while (query.before > 0 && records.size() < m_lines);
    show(records);
    return 0;
}

int LogsCommand::follow(ControlClient &client) const
{
    const admin::LogQuery query{m_lines, m_filter.least, QString::fromUtf8(m_filter.role), 0};
    const Result<QJsonObject> begun = client.call(admin::Methods::logFollow, query.toJson());
    if (!begun)
        return fail(tr("cannot follow the log: %1").arg(begun.error().message()));
    while (!isOutputClosed()) {
        const Result<admin::Event> event = client.nextEvent(eventPatience);
        if (!event && event.error().code() == Error::Timeout)
            continue;
        if (!event && event.error().code() == Error::Unavailable) {
            terminal::complain(tr("the server has ended, and its log with it"));
            return 0;
        }
        const Result<admin::LogPage> page = event ? admin::LogPage::fromJson(event->data) : event.error();
        if (!page)
            return fail(tr("cannot follow the log: %1").arg(page.error().message()));
        if (page->dropped > 0)
            terminal::complain(tr("%1 lines came too quickly and are left out here").arg(page->dropped));
        show(recordsOf(*page));
    }
    return 0;
}

int LogsCommand::readFile(const config::Settings &settings, const QString &reason) const
{
    // Whether it ran in the background is not known any more.
    const QString path = logFileOf(settings, true);
    if (!QFileInfo::exists(path))
        return fail(tr("%1; there is no log file %2").arg(reason, path));
    LogFileReader reader(path, m_filter);
    if (const Result<void> opened = reader.open(); !opened)
        return fail(opened.error().message());
    terminal::complain(tr("%1; this is from %2").arg(reason, path));
    show(reader.last(m_lines));
    while (m_follow && !isOutputClosed()) {
        show(reader.next());
        QThread::msleep(pollMilliseconds);
    }
    return 0;
}

void LogsCommand::show(const QList<base::LogRecord> &records) const
{
    for (const base::LogRecord &record : records) {
        const QByteArray lines = m_json ? base::jsonLine(record) : base::textLines(record);
        std::fwrite(lines.constData(), 1, size_t(lines.size()), stdout);
    }
    std::fflush(stdout);
}

int LogsCommand::fail(const QString &reason)
{
    terminal::complain(reason);
    return 1;
}

} // namespace Quern::app
