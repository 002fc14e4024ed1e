#include "app/host/runtimedirectory.h"

#include "base/systemerror.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

namespace Quern::app {

namespace {

mode_t modeOf(const QString &path)
{
    struct stat present = {};
    ::stat(QFile::encodeName(path).constData(), &present);
    return present.st_mode & 07777;
}

Error cannotMake(const QString &what)
{
    const Error error = base::systemError(QStringLiteral("cannot make ") + what);
    return Error(error.code(), error.message() + QStringLiteral("; let runtime_dir name a place that this user may "
                                                                "write to"));
}

/// A link that leads nowhere is there.
bool isAbsent(const QString &path)
{
    struct stat present = {};
    return ::lstat(QFile::encodeName(path).constData(), &present) != 0 && errno == ENOENT;
}

} // namespace

RuntimeDirectoryState inspectRuntimeDirectory(const QString &path)
{
    struct stat present = {};
    if (::stat(QFile::encodeName(path).constData(), &present) != 0)
        return isAbsent(path) ? RuntimeDirectoryState::Missing : RuntimeDirectoryState::Unreachable;
    if (!S_ISDIR(present.st_mode))
        return RuntimeDirectoryState::NoDirectory;
    if (present.st_uid != ::geteuid())
        return RuntimeDirectoryState::OfAnotherUser;
    // That some may pass, without looking around, is what letChildrenPass() makes of it.
    return (present.st_mode & 066) != 0 ? RuntimeDirectoryState::OpenToOthers : RuntimeDirectoryState::Usable;
}

bool isInRuntimeDirectory(const QString &path, const QString &folder)
{
    return (folder + u'/').startsWith(path + u'/');
}

bool isMadeByStart(const QString &path, const QString &logFile, const QString &folder)
{
    const QString inside = folder + u'/';
    const QString ofLog = QFileInfo(logFile).path();
    return (path + u'/').startsWith(inside) ||
           (!logFile.isEmpty() && isInRuntimeDirectory(path, ofLog) && (ofLog + u'/').startsWith(inside));
}

Result<void> prepareRuntimeDirectory(const QString &path)
{
    if (!QDir().mkpath(QFileInfo(path).path()))
        return cannotMake(QStringLiteral("the folder of the runtime directory %1").arg(path));
    const QByteArray name = QFile::encodeName(path);
    if (::mkdir(name.constData(), 0700) == 0)
        return {};
    if (errno != EEXIST)
        return cannotMake(QStringLiteral("the runtime directory %1").arg(path));
    return checkRuntimeDirectory(path);
}

Result<void> checkRuntimeDirectory(const QString &path)
{
    switch (inspectRuntimeDirectory(path)) {
    case RuntimeDirectoryState::Usable:
    case RuntimeDirectoryState::Missing:
        return {};
    case RuntimeDirectoryState::NoDirectory:
        return Error(
            Error::Invalid,
            QStringLiteral("the runtime directory %1 is no directory; let runtime_dir name another").arg(path));
    case RuntimeDirectoryState::OfAnotherUser:
        return Error(Error::Permission,
                     QStringLiteral("the runtime directory %1 belongs to another user; start as that user, or let "
                                    "runtime_dir name a directory of your own")
                         .arg(path));
    case RuntimeDirectoryState::OpenToOthers:
        return Error(Error::Permission,
                     QStringLiteral("the runtime directory %1 is open to others (mode %2); its sockets would be, too: "
                                    "chmod 700 it if Quern alone uses it, else let runtime_dir name another")
                         .arg(path, QString::number(modeOf(path), 8)));
    case RuntimeDirectoryState::Unreachable:
        break;
    }
    const Error error = base::systemError(QStringLiteral("the runtime directory %1 cannot be entered").arg(path));
    return Error(error.code(), error.message() + QStringLiteral("; let runtime_dir name another"));
}

} // namespace Quern::app
