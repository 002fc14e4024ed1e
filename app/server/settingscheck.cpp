#include "app/server/settingscheck.h"

#include "app/host/taskplace.h"
#include "app/server/tablesettings.h"
#include "app/server/tokenfile.h"

#include "app/host/childidentity.h"
#include "app/host/listeners.h"
#include "app/host/runtimedirectory.h"
#include "app/server/installation.h"
#include "config/secrets.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <fcntl.h>
#include <unistd.h>

namespace Quern::app {

namespace {

QString placeOf(const config::Settings &settings, const QString &key)
{
    const QString origin = settings.origins.value(key);
    return origin.isEmpty() || origin == u"default" ? QStringLiteral("default settings") : origin;
}

bool mayAccess(const QString &path, int mode)
{
    return ::faccessat(AT_FDCWD, QFile::encodeName(path).constData(), mode, AT_EACCESS) == 0;
}

bool mayWriteTo(const QString &folder)
{
    return QFileInfo(folder).isDir() && mayAccess(folder, W_OK | X_OK);
}

QString folderOf(const QString &file)
{
    return QFileInfo(file).path();
}

/// The nearest folder or file above \a path that is there.
QString nearestPresent(const QString &path)
{
    QString present = path;
    while (!QFileInfo::exists(present) && present != u"/")
        present = folderOf(present);
    return present;
}

QString pathOf(const config::PluginSettings &plugin)
{
    return plugin.file.isEmpty() ? installation::pluginFile(plugin.name) : plugin.file;
}

bool willBeMade(const config::Settings &settings, const QString &folder)
{
    return isMadeByStart(settings.server.runtimeDir, settings.server.logFile, folder);
}

/// Whether a log can be written to \a path, where something is. A device or a pipe is as it was opened: that shows when
/// it is.
bool mayAppendTo(const QString &path)
{
    return !QFileInfo(path).isFile() || mayAccess(path, W_OK);
}

/// Whether \a folder, of the setting \a key, can be made where it is not there yet.
Result<void> checkCanBeMade(const config::Settings &settings, const char *key, const QString &folder)
{
    const QString present = nearestPresent(folder);
    if (mayWriteTo(present))
        return {};
    return errorAt(settings, key,
                   Error(Error::Invalid, QStringLiteral("%1 is no folder that this user may write to; make it one, or "
                                                        "name another")
                                             .arg(present)));
}

Result<void> checkRuntime(const config::Settings &settings)
{
    const QString &path = settings.server.runtimeDir;
    if (const Result<void> checked = checkRuntimeDirectory(path); !checked)
        return errorAt(settings, "runtime_dir", checked.error());
    return checkCanBeMade(settings, "runtime_dir", path);
}

Result<void> checkLogFile(const config::Settings &settings)
{
    const QString &path = settings.server.logFile;
    if (path.isEmpty())
        return {};
    if (QFileInfo(path).isDir()) {
        return errorAt(settings, "log_file",
                       Error(Error::Invalid, QStringLiteral("%1 is a folder; name a file in it").arg(path)));
    }
    // Only to rotate it the folder would have to be writable, and that is told in the log.
    if (QFileInfo::exists(path)) {
        if (mayAppendTo(path))
            return {};
        return errorAt(
            settings, "log_file",
            Error(Error::Permission,
                  QStringLiteral("%1 cannot be written; let this user write to it, or name another file").arg(path)));
    }
    const QString folder = folderOf(path);
    if (!QFileInfo(folder).isDir() && !isInRuntimeDirectory(settings.server.runtimeDir, folder)) {
        return errorAt(
            settings, "log_file",
            Error(Error::NotFound,
                  QStringLiteral("there is no folder %1 for the log; make it, or name another").arg(folder)));
    }
    return checkCanBeMade(settings, "log_file", folder);
}

Result<void> checkAccessLog(const config::Settings &settings)
{
    const QString &path = settings.server.accessLog;
    const QString folder = folderOf(path);
    if (path.isEmpty() || willBeMade(settings, folder))
        return {};
    if (QFileInfo(path).isDir()) {
        return errorAt(settings, "access_log",
                       Error(Error::Invalid, QStringLiteral("%1 is a folder; name a file in it").arg(path)));
    }
    if (QFileInfo::exists(path) ? mayAppendTo(path) : mayWriteTo(folder))
        return {};
    return accessLogError(settings, Error(Error::Invalid, QStringLiteral("%1 cannot be written").arg(path)));
}

/// What is wrong with the database itself shows when it is opened.
Result<void> checkTaskDatabase(const config::Settings &settings)
{
    const QString &path = settings.server.taskDatabase;
    const QString folder = folderOf(path);
    const QString key = QStringLiteral("tasks.database");
    if (path.isEmpty() || settings.server.taskDriver == config::TaskDriver::Memory || willBeMade(settings, folder))
        return {};
    if (QFileInfo(path).isDir())
        return errorAtPath(settings, key,
                           Error(Error::Invalid, QStringLiteral("%1 is a folder; name a file in it").arg(path)));
    // SQLite writes its log beside it.
    if (mayWriteTo(folder) && (!QFileInfo::exists(path) || mayAccess(path, R_OK | W_OK)))
        return {};
    return errorAtPath(settings, key,
                       Error(Error::Invalid, QStringLiteral("%1 cannot be written; make its folder and let this user "
                                                            "write to it, or name another file")
                                                 .arg(path)));
}

Result<void> checkAuditLog(const config::Settings &settings)
{
    const QString &path = settings.server.adminAuditLog;
    const QString folder = folderOf(path);
    if (path.isEmpty() || willBeMade(settings, folder))
        return {};
    const bool isUsable =
        QFileInfo::exists(path) ? QFileInfo(path).isFile() && mayAccess(path, R_OK | W_OK) : mayWriteTo(folder);
    if (isUsable)
        return {};
    return errorAtPath(settings, QStringLiteral("admin.audit_log"),
                       Error(Error::Invalid, QStringLiteral("%1 cannot be written; make its folder and let this user "
                                                            "write to it, or name another file")
                                                 .arg(path)));
}

Result<void> checkUnixSockets(const config::Settings &settings)
{
    const QList<Listener> listeners = listenersOf(settings);
    for (const Listener &listener : listeners) {
        const config::ListenAddress &address = listener.address;
        const QString folder = folderOf(address.path);
        if (address.kind != config::ListenAddress::Unix || willBeMade(settings, folder) || mayWriteTo(folder))
            continue;
        return errorAtPath(
            settings, listener.key,
            Error(Error::Invalid, QStringLiteral("the socket of \"%1\" needs a folder that this user may "
                                                 "write to; make %2, or correct the path")
                                      .arg(address.text, folder)));
    }
    return {};
}

} // namespace

Error errorAt(const config::Settings &settings, const char *key, const Error &error)
{
    return errorAtPath(settings, QStringLiteral("server.") + QLatin1StringView(key), error);
}

Error errorAtPath(const config::Settings &settings, const QString &path, const Error &error)
{
    QString name = path;
    if (const qsizetype index = path.indexOf(u'['); index >= 0)
        name.remove(index, path.indexOf(u']') + 1 - index);
    return Error(error.code(), QStringLiteral("%1: %2: %3").arg(placeOf(settings, path), name, error.message()));
}

Error accessLogError(const config::Settings &settings, const Error &error)
{
    return errorAt(settings, "access_log",
                   Error(error.code(), error.message() + QStringLiteral("; make its folder and let this user write to "
                                                                        "it, or name another file")));
}

Result<void> checkSettings(const config::Settings &settings, quint64 leavingMemory)
{
    QStringList problems;
    Error::Code code = Error::Invalid;
    const auto note = [&problems, &code](const auto &result) {
        if (result)
            return;
        if (problems.isEmpty())
            code = result.error().code();
        problems += result.error().message();
    };
    note(checkUnixSockets(settings));
    note(checkUploadDirectory(settings));
    note(checkChildren(settings));
    note(proxyTrust(settings));
    if (settings.server.handleStatic)
        note(openStaticFiles(settings));
    note(checkAccessLog(settings));
    note(checkTaskDatabase(settings));
    note(checkAuditLog(settings));
    if (settings.server.adminEnable)
        note(checkTokens(settings));
    note(checkRuntime(settings));
    note(checkLogFile(settings));
    note(checkTableMemoryHere(settings, leavingMemory));
    note(pluginFiles(settings));
    if (problems.isEmpty())
        return {};
    return Error(code, problems.join(u'\n'));
}

QStringList pluginPaths(const config::Settings &settings)
{
    QStringList paths;
    for (const config::PluginSettings &plugin : settings.plugins) {
        if (plugin.enabled)
            paths += pathOf(plugin);
    }
    return paths;
}

Result<QList<ipc::BootMessage::Plugin>> pluginFiles(const config::Settings &settings)
{
    QList<ipc::BootMessage::Plugin> files;
    QStringList problems;
    for (qsizetype i = 0; i < settings.plugins.size(); ++i) {
        const config::PluginSettings &plugin = settings.plugins.at(i);
        if (!plugin.enabled)
            continue;
        const bool isInstalled = plugin.file.isEmpty();
        const QString file = pathOf(plugin);
        const QString key = isInstalled ? QStringLiteral("name") : QStringLiteral("file");
        const QString shown = config::shownPlugin(settings, i);
        const QString line = placeOf(settings, QStringLiteral("plugin[%1].%2").arg(i).arg(key));
        const QString place = QStringLiteral("%1: plugin.%2").arg(line, key);
        if (QFileInfo(file).isFile()) {
            files.append({file, plugin.settings, file, line});
        } else if (isInstalled) {
            problems +=
                QStringLiteral("%1: no plugin \"%2\" is installed in %3, where there are: %4; write the name of "
                               "one of these, or file = \"…\" for a plugin elsewhere")
                    .arg(place, shown, installation::pluginDirectory(),
                         installation::pluginNames().join(QStringLiteral(", ")));
        } else {
            problems +=
                QStringLiteral("%1: there is no plugin file %2; build it, or correct its path").arg(place, shown);
        }
    }
    if (!problems.isEmpty())
        return Error(Error::NotFound, problems.join(u'\n'));
    return files;
}

Result<dispatch::StaticFiles> openStaticFiles(const config::Settings &settings)
{
    const config::ServerSettings &server = settings.server;
    dispatch::StaticFilesSettings files;
    files.documentRoot = server.documentRoot;
    files.cacheControl = server.staticCacheControl.toUtf8();
    files.listing = server.staticListing;
    files.indexNames.clear();
    for (const QString &name : server.staticIndex)
        files.indexNames.append(name.toUtf8());
    for (const QString &location : server.staticLocations)
        files.locations.append(location.toUtf8());
    Result<dispatch::StaticFiles> opened = dispatch::StaticFiles::open(files);
    if (!opened)
        return errorAt(settings, "document_root", opened.error());
    return opened;
}

Result<protocol::http::ProxyTrust> proxyTrust(const config::Settings &settings)
{
    Result<protocol::http::ProxyTrust> trust = protocol::http::ProxyTrust::parse(settings.server.trustedProxies);
    if (!trust)
        return errorAt(settings, "trusted_proxies", trust.error());
    return trust;
}

QStringList filesOfMaster(const config::Settings &settings)
{
    // Read once it is there; the others lie beside it.
    const QDir folder(settings.directory);
    QStringList files = {folder.filePath(QStringLiteral(".env"))};
    for (const QString &file : settings.environmentFiles)
        files += folder.filePath(QFileInfo(file).fileName());
    if (!settings.filePath.isEmpty())
        files += settings.filePath;
    files += pluginPaths(settings);
    files += {installation::program(), installation::workerProgram()};
    // What it writes: another file in the place of that would be written to as well.
    const config::ServerSettings &server = settings.server;
    files << server.logFile << server.accessLog << taskDatabasePath(server) << server.adminAuditLog;
    for (const config::SocketSettings &socket : settings.sockets)
        files += socket.own.accessLog;
    files.removeAll(QString());
    return files;
}

Result<void> checkChildren(const config::Settings &settings)
{
    std::optional<ChildProblem> problem = childProblem(settings.server);
    if (!problem)
        problem = trustProblem(settings.server, filesOfMaster(settings));
    if (problem)
        return errorAtPath(settings, problem->key, Error(problem->code, problem->text()));
    return {};
}

Result<void> checkUploadDirectory(const config::Settings &settings)
{
    const QString &path = settings.server.uploadTmpDir;
    if (path.isEmpty() || mayWriteTo(path))
        return {};
    return errorAt(
        settings, "upload_tmp_dir",
        Error(Error::Invalid,
              QStringLiteral("%1 is no folder that this user may write to; make it, or name another").arg(path)));
}

} // namespace Quern::app
