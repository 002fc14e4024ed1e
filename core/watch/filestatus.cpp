#include "watch/filestatus.h"

#include <QFile>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace Quern::watch {

namespace {

qint64 nanoseconds(const struct statx_timestamp &time)
{
    return qint64(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

FileStatus::Kind kindOf(quint32 mode)
{
    if (S_ISREG(mode))
        return FileStatus::Kind::Plain;
    if (S_ISDIR(mode))
        return FileStatus::Kind::Directory;
    return S_ISLNK(mode) ? FileStatus::Kind::Link : FileStatus::Kind::Other;
}

std::optional<FileStatus> read(const QString &path, int flags)
{
    struct statx found = {};
    if (::statx(AT_FDCWD, QFile::encodeName(path).constData(), flags, STATX_BASIC_STATS | STATX_MNT_ID, &found) != 0)
        return std::nullopt;
    FileStatus status;
    status.stamp.id = {gnu_dev_makedev(found.stx_dev_major, found.stx_dev_minor), found.stx_ino};
    status.stamp.size = qint64(found.stx_size);
    status.stamp.modified = nanoseconds(found.stx_mtime);
    status.stamp.changed = nanoseconds(found.stx_ctime);
    status.kind = kindOf(found.stx_mode);
    status.names = found.stx_nlink;
    // Linux 5.8; before that a mount of another file system is told from its directory by the device.
    status.mount = found.stx_mask & STATX_MNT_ID ? found.stx_mnt_id : status.stamp.id.device;
    return status;
}

} // namespace

std::optional<FileStatus> statusOf(const QString &path)
{
    return read(path, 0);
}

std::optional<FileStatus> statusOfEntry(const QString &path)
{
    return read(path, AT_SYMLINK_NOFOLLOW);
}

} // namespace Quern::watch
