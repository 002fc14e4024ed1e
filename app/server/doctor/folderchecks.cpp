#include "app/server/doctor/folderchecks.h"

#include "app/host/runtimedirectory.h"
#include "app/host/taskplace.h"
#include "app/server/doctor/text.h"
#include "base/filedescriptor.h"
#include "tasks/sqlite/taskdatabase.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QLocale>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

namespace Quern::app::doctor {

namespace {

constexpr qint64 fewBytes = qint64(256) << 20;
constexpr qint64 hardlyAnyBytes = qint64(16) << 20;
constexpr qint64 fewFiles = 1000;
constexpr qint64 hardlyAnyFiles = 50;

QString shownBytes(qint64 bytes)
{
    return QLocale::c().formattedDataSize(bytes, 1, QLocale::DataSizeIecFormat);
}

bool mayAccess(const QString &path, int mode)
{
    return ::faccessat(AT_FDCWD, QFile::encodeName(path).constData(), mode, AT_EACCESS) == 0;
}

/// \a path, or the folder above it that exists.
QString existing(const QString &path)
{
    QString folder = path;
    while (!QFileInfo::exists(folder) && folder != u"/")
        folder = QFileInfo(folder).path();
    return folder;
}

Space spaceAt(const QString &path)
{
    struct statvfs info = {};
    if (::statvfs(QFile::encodeName(existing(path)).constData(), &info) != 0)
        return {fewBytes, -1};
    return {qint64(info.f_bavail) * qint64(info.f_frsize), info.f_files > 0 ? qint64(info.f_favail) : -1};
}

Check withSpace(const QString &name, const QString &found, const QString &path)
{
    return spaceCheck(name, found, path, spaceAt(path));
}

/// Others may use \a folder, too: it is left to its owner.
QString ownFolderMend(const QString &folder, const QString &key)
{
    return Text::tr("as root: install -d -o %1 %2/quern; and let %3 name a path in it")
        .arg(::geteuid())
        .arg(folder, key);
}

/// Null if the folder \a path is there and writable, or can be made.
std::optional<Check> cannotMake(const QString &name, const QString &path)
{
    const QString folder = existing(path);
    if (!QFileInfo(folder).isDir())
        return error(name, Text::tr("%1 cannot be made: %2 is no folder").arg(path, folder),
                     Text::tr("let %1 name another path").arg(name));
    if (!mayAccess(folder, W_OK | X_OK)) {
        return error(name, Text::tr("this user may not write to %1").arg(folder),
                     folder == path ? ownFolderMend(path, name)
                                    : Text::tr("as root: install -d -o %1 %2; or let %3 name another path")
                                          .arg(::geteuid())
                                          .arg(path, name));
    }
    return std::nullopt;
}

/// The pid file is a lock, and shared file systems may have none.
bool hasLocks(const QString &folder)
{
    const base::FileDescriptor fd(::open(QFile::encodeName(folder).constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return !fd.isValid() || ::flock(fd.get(), LOCK_SH | LOCK_NB) == 0 || errno == EWOULDBLOCK;
}

Check runtimeDirectory(const QString &path)
{
    const QString name = QStringLiteral("runtime_dir");
    const QString another = Text::tr("let runtime_dir name another folder");
    constexpr qsizetype longestSocket = qsizetype(sizeof(sockaddr_un::sun_path)) - 1;
    const qsizetype length = QFile::encodeName(path + QStringLiteral("/control.sock")).size();
    if (length > longestSocket) {
        return error(name,
                     Text::tr("%1 is too long for the control socket in it: %2 bytes of %3")
                         .arg(path)
                         .arg(length)
                         .arg(longestSocket),
                     Text::tr("let runtime_dir name a folder with a short path, such as /run/quern"));
    }
    switch (inspectRuntimeDirectory(path)) {
    case RuntimeDirectoryState::Usable:
        break;
    case RuntimeDirectoryState::Missing:
        if (const std::optional<Check> refused = cannotMake(name, path))
            return *refused;
        return withSpace(name, Text::tr("%1 will be made").arg(path), path);
    case RuntimeDirectoryState::NoDirectory:
        return error(name, Text::tr("%1 is no folder").arg(path), another);
    case RuntimeDirectoryState::OfAnotherUser:
        return error(name, Text::tr("%1 belongs to another user").arg(path),
                     Text::tr("start as that user, or %1").arg(another));
    case RuntimeDirectoryState::OpenToOthers:
        return error(name, Text::tr("%1 is open to others, and so are its sockets").arg(path),
                     Text::tr("chmod 700 %1; or %2").arg(path, another));
    case RuntimeDirectoryState::Unreachable:
        return error(name, Text::tr("%1 cannot be reached by this user").arg(path), another);
    }
    if (!mayAccess(path, R_OK | W_OK | X_OK))
        return error(name, Text::tr("%1 is not writable").arg(path),
                     Text::tr("chmod 700 %1; or %2").arg(path, another));
    if (!hasLocks(path)) {
        return error(name, Text::tr("the file system of %1 has no locks").arg(path),
                     Text::tr("let runtime_dir name a folder of a local disk, or start with -i"));
    }
    return withSpace(name, path, path);
}

/// \a makesFolder: a start makes the folder of the file.
Check logFile(const QString &name, const QString &path, bool makesFolder)
{
    const QFileInfo file(path);
    if (file.isDir())
        return error(name, Text::tr("%1 is a folder").arg(path),
                     Text::tr("write %1 = \"%2/%3.log\"").arg(name, path, name));
    if (file.exists() && !mayAccess(path, W_OK)) {
        return error(name, Text::tr("this user may not write to %1").arg(path),
                     Text::tr("as root: chown %1 %2; or let %3 name another file").arg(::geteuid()).arg(path, name));
    }
    if (file.exists() && !file.isFile())
        return well(name, path); // a device or a pipe: room is no matter
    if (!file.exists()) {
        if (!makesFolder && !QFileInfo(file.path()).isDir())
            return error(name, Text::tr("the folder of %1 is not there").arg(path),
                         Text::tr("mkdir -p %1").arg(file.path()));
        if (const std::optional<Check> refused = cannotMake(name, file.path()))
            return *refused;
    }
    return withSpace(name, path, path);
}

Check uploads(const QString &path)
{
    const QString name = QStringLiteral("upload_tmp_dir");
    if (!QFileInfo(path).isDir())
        return error(name, Text::tr("%1 is no folder").arg(path), Text::tr("make it: mkdir -p %1").arg(path));
    if (!mayAccess(path, W_OK | X_OK)) {
        return error(name, Text::tr("this user may not write to %1").arg(path), ownFolderMend(path, name));
    }
    return withSpace(name, path, path);
}

Check documentRoot(const QString &path)
{
    const QString name = QStringLiteral("document_root");
    if (!QFileInfo(path).isDir())
        return error(name, Text::tr("%1 is no folder").arg(path),
                     Text::tr("make it: mkdir -p %1; or name another").arg(path));
    if (!mayAccess(path, R_OK | X_OK))
        return error(name, Text::tr("this user may not read %1").arg(path), Text::tr("chmod o+rx %1").arg(path));
    return well(name, path);
}

/// \a makesFolder: a start makes the folder of the file.
Check taskDatabase(const QString &path, bool makesFolder)
{
    const QString name = QStringLiteral("tasks.database");
    const QFileInfo file(path);
    const QString folder = file.path();
    if (file.isDir())
        return error(name, Text::tr("%1 is a folder").arg(path),
                     Text::tr("write database = \"%1/tasks.db\" in [tasks]").arg(path));
    if (!makesFolder && !QFileInfo(folder).isDir())
        return error(name, Text::tr("the folder of %1 is not there").arg(path), Text::tr("mkdir -p %1").arg(folder));
    // SQLite writes its log beside it.
    if (const std::optional<Check> refused = cannotMake(name, folder))
        return *refused;
    if (file.exists() && !mayAccess(path, R_OK | W_OK)) {
        return error(name, Text::tr("this user may not write to %1").arg(path),
                     Text::tr("as root: chown %1 %2; or let %3 name another file").arg(::geteuid()).arg(path, name));
    }
    // A start makes the folder, and takes no link for it.
    const QFileInfo payloads(path + QStringLiteral("-payloads"));
    if (payloads.isSymLink() || (payloads.exists() && !payloads.isDir()))
        return error(name, Text::tr("%1, where payloads of tasks wait, is no folder").arg(payloads.filePath()),
                     Text::tr("remove it, or let tasks.database name another file"));
    if (tasks::isInMemory(existing(path))) {
        return warning(name, Text::tr("%1 lies in memory: durable tasks end with the machine").arg(path),
                       Text::tr("let tasks.database name a file on a disk"));
    }
    return withSpace(name, path, path);
}

} // namespace

Check spaceCheck(const QString &name, const QString &found, const QString &path, const Space &space)
{
    const QString text = Text::tr("%1, %2 free").arg(found, shownBytes(space.bytes));
    const QString inBytes =
        Text::tr("make room on its disk (df -h %1), or let %2 name a path on another").arg(path, name);
    if (space.bytes < hardlyAnyBytes)
        return error(name, text, inBytes);
    const bool isCounted = space.files >= 0;
    const QString files = Text::tr("%1 and room for %2 files").arg(text).arg(space.files);
    const QString inFiles =
        Text::tr("remove files from its disk (df -i %1), or let %2 name a path on another").arg(path, name);
    if (isCounted && space.files < hardlyAnyFiles)
        return error(name, files, inFiles);
    if (space.bytes < fewBytes)
        return warning(name, text, inBytes);
    if (isCounted && space.files < fewFiles)
        return warning(name, files, inFiles);
    return well(name, text);
}

Checks folderChecks(const config::ServerSettings &server)
{
    Checks checks = {runtimeDirectory(server.runtimeDir)};
    if (!server.logFile.isEmpty())
        checks.append(logFile(QStringLiteral("log_file"), server.logFile,
                              isInRuntimeDirectory(server.runtimeDir, QFileInfo(server.logFile).path())));
    if (!server.accessLog.isEmpty())
        checks.append(logFile(QStringLiteral("access_log"), server.accessLog,
                              isMadeByStart(server.runtimeDir, server.logFile, QFileInfo(server.accessLog).path())));
    if (!server.adminAuditLog.isEmpty()) {
        const QString folder = QFileInfo(server.adminAuditLog).path();
        checks.append(logFile(QStringLiteral("audit_log"), server.adminAuditLog,
                              isMadeByStart(server.runtimeDir, server.logFile, folder)));
    }
    if (!server.uploadTmpDir.isEmpty())
        checks.append(uploads(server.uploadTmpDir));
    if (server.handleStatic)
        checks.append(documentRoot(server.documentRoot));
    if (usesTaskDatabase(server)) {
        const QString path = taskDatabasePath(server);
        checks.append(taskDatabase(path, isMadeByStart(server.runtimeDir, server.logFile, QFileInfo(path).path())));
    }
    return checks;
}

} // namespace Quern::app::doctor
