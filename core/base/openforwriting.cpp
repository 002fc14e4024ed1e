#include "base/openforwriting.h"

#include "base/filedescriptor.h"
#include "base/filesystem.h"

#include <QFile>

#include <fcntl.h>
#include <sys/vfs.h>

#include <cerrno>
#include <csignal>

namespace Quern::base {

std::optional<bool> isOpenForWriting(const QString &path)
{
    const FileDescriptor file(
        ::open(QFile::encodeName(path).constData(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    // When the system has them again it is asked again.
    if (!file.isValid())
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? std::optional(true) : std::nullopt;
    // NFS and SMB refuse a lease as if somebody had it open.
    struct statfs system = {};
    if (::fstatfs(file.get(), &system) != 0 || !sharedTypeName(quint32(system.f_type)).isEmpty())
        return std::nullopt;
    // If somebody opens it now, this process gets a signal: not SIGIO, which would end it.
    if (::fcntl(file.get(), F_SETSIG, SIGURG) != 0)
        return std::nullopt;
    if (::fcntl(file.get(), F_SETLEASE, F_RDLCK) == 0) {
        ::fcntl(file.get(), F_SETLEASE, F_UNLCK);
        return false;
    }
    return errno == EAGAIN ? std::optional(true) : std::nullopt;
}

} // namespace Quern::base
