#include "app/server/runtimedirectory.h"

#include "base/systemerror.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

namespace Quern::app {

Result<void> prepareRuntimeDirectory(const QString &path)
{
    if (!QDir().mkpath(QFileInfo(path).path()))
        return base::systemError(QStringLiteral("cannot make the folder of the runtime directory %1").arg(path));
    const QByteArray name = QFile::encodeName(path);
    if (::mkdir(name.constData(), 0700) == 0)
        return {};
    if (errno != EEXIST)
        return base::systemError(QStringLiteral("cannot make the runtime directory %1").arg(path));
    return checkRuntimeDirectory(path);
}

Result<void> checkRuntimeDirectory(const QString &path)
{
    const QByteArray name = QFile::encodeName(path);
    struct stat present = {};
    if (::lstat(name.constData(), &present) != 0 && errno == ENOENT)
        return {};
    // A symbolic link is followed; one that leads nowhere cannot be.
    if (::stat(name.constData(), &present) != 0) {
        const Error error = base::systemError(QStringLiteral("the runtime directory %1 cannot be entered").arg(path));
        return Error(error.code(), error.message() + QStringLiteral("; let runtime_dir name another"));
    }
    if (!S_ISDIR(present.st_mode)) {
        return Error(
            Error::Invalid,
            QStringLiteral("the runtime directory %1 is no directory; let runtime_dir name another").arg(path));
    }
    if (present.st_uid != ::geteuid()) {
        return Error(Error::Permission,
                     QStringLiteral("the runtime directory %1 belongs to another user; start as that user, or let "
                                    "runtime_dir name a directory of your own")
                         .arg(path));
    }
    if ((present.st_mode & 077) != 0) {
        return Error(Error::Permission,
                     QStringLiteral("the runtime directory %1 is open to others (mode %2); its sockets would be, too: "
                                    "chmod 700 it if Quern alone uses it, else let runtime_dir name another")
                         .arg(path, QString::number(present.st_mode & 07777, 8)));
    }
    return {};
}

} // namespace Quern::app
