#include "app/server/watchplan.h"

#include "app/host/taskplace.h"
#include "app/server/apisettings.h"

#include <QDir>
#include <QFile>

namespace Quern::app {

namespace {

QStringList writtenByServer(const config::Settings &settings)
{
    const config::ServerSettings &server = settings.server;
    QStringList written = {server.logFile, server.accessLog, taskDatabasePath(server), auditLogFile(settings)};
    for (const config::SocketSettings &socket : settings.sockets)
        written.append(socket.own.accessLog);
    // Where a shell has sent its output: each reload logs, and must not make the next.
    for (const char *output : {"/proc/self/fd/1", "/proc/self/fd/2"})
        written.append(QFile::symLinkTarget(QString::fromLatin1(output)));
    written.removeAll(QString());
    return written;
}

} // namespace

watch::WatchPlan watchPlan(const config::Settings &settings, const QStringList &plugins)
{
    watch::WatchPlan plan;
    const QDir directory(settings.directory);
    const auto inDirectory = [&directory](const QString &path) {
        return QDir::cleanPath(directory.absoluteFilePath(path));
    };
    if (!settings.filePath.isEmpty())
        plan.files.append(settings.filePath);
    plan.files += plugins;
    plan.paths.append(inDirectory(QStringLiteral(".env")));
    for (const QString &file : settings.environmentFiles)
        plan.paths.append(QDir::cleanPath(QDir::current().absoluteFilePath(file)));
    for (const QString &path : settings.server.reloadPaths)
        plan.paths.append(inDirectory(path));
    plan.paths.removeDuplicates();
    for (const QString &type : settings.server.reloadFileTypes)
        plan.types.append(type.startsWith(u'.') ? type : u'.' + type);
    for (QString each : settings.server.reloadExcludedDirs) {
        while (each.endsWith(u'/'))
            each.chop(1);
        plan.excluded.append(each.contains(u'/') ? inDirectory(each) : each);
    }
    plan.own = settings.server.runtimeDir;
    plan.isLogged = settings.server.reloadLog;
    plan.ignored = writtenByServer(settings);
    plan.ignoredDirectories = {settings.server.runtimeDir, settings.server.uploadTmpDir};
    plan.ignoredDirectories.removeAll(QString());
    return plan;
}

} // namespace Quern::app
