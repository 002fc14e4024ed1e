#include "tasks/spill.h"

#include "base/filedescriptor.h"
#include "base/systemerror.h"
#include "tasks/log.h"

#include <QDir>
#include <QFile>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace Quern::tasks {

namespace {

constexpr QByteArrayView ending(".task");
constexpr QByteArrayView unfinishedEnding(".tmp");
constexpr qsizetype digits = 16;

Error failed(const char *what, const QByteArray &path)
{
    return base::systemError(QStringLiteral("%1 %2").arg(QString::fromLatin1(what), QFile::decodeName(path)));
}

/// Whoever may write to the folder may be less than who reads it: what has another name elsewhere is no payload, and a
/// pipe must not keep anybody waiting. Invalid, with errno, if it cannot be had.
base::FileDescriptor openPayload(int folder, const QByteArray &path)
{
    base::FileDescriptor fd(::openat(folder, path.constData(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status = {};
    if (!fd.isValid() || ::fstat(fd.get(), &status) != 0)
        return {};
    if (S_ISREG(status.st_mode) && status.st_nlink == 1)
        return fd;
    fd.reset();
    errno = EINVAL;
    return fd;
}

Result<void> writeAll(int fd, QByteArrayView bytes, const QByteArray &path)
{
    while (!bytes.isEmpty()) {
        const ssize_t count = ::write(fd, bytes.data(), size_t(bytes.size()));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return failed("writing the payload of a task to", path);
        bytes = bytes.sliced(count);
    }
    return {};
}

Result<void> synchronizeFolder(const QByteArray &path)
{
    const base::FileDescriptor folder(::open(path.constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.isValid() || ::fsync(folder.get()) != 0)
        return failed("writing to", path);
    return {};
}

} // namespace

Result<void> Spill::prepare(const std::optional<base::Identity> &user) const
{
    const QByteArray folder = QFile::encodeName(m_folder);
    if (::mkdir(folder.constData(), 0700) != 0 && errno != EEXIST)
        return failed("making the folder", folder);
    // Once: what its path leads to may be another folder the next time. A link there is nobody's to be given.
    const base::FileDescriptor fd(::open(folder.constData(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status = {};
    if (!fd.isValid() || ::fstat(fd.get(), &status) != 0)
        return failed("the folder", folder);
    const uid_t owner = user ? user->uid : ::geteuid();
    if (status.st_uid != owner && ::geteuid() != 0)
        return base::systemError(QStringLiteral("the folder %1, which belongs to another user").arg(m_folder), EPERM);
    const bool isClosed = (status.st_mode & 0077) == 0;
    if (status.st_uid != owner)
        return give(fd.get(), owner, user ? user->gid : ::getegid(), isClosed);
    return isClosed || ::fchmod(fd.get(), 0700) == 0 ? Result<void>() : failed("closing to others", folder);
}

Result<void> Spill::give(int folder, uid_t user, gid_t group, bool isClosed) const
{
    // Meanwhile nobody else can put anything into it: its owner could open it again.
    if (::fchown(folder, ::geteuid(), gid_t(-1)) != 0 || (!isClosed && ::fchmod(folder, 0700) != 0))
        return failed("taking", QFile::encodeName(m_folder));
    const QStringList names = QDir(m_folder).entryList(QDir::Files | QDir::Hidden);
    for (const QString &decoded : names) {
        const QByteArray each = QFile::encodeName(decoded);
        const base::FileDescriptor fd = isName(each) ? openPayload(folder, each) : base::FileDescriptor();
        if (fd.isValid() && ::fchown(fd.get(), user, group) != 0)
            return failed("giving away", path(each));
    }
    if (::fchown(folder, user, group) != 0)
        return failed("giving away", QFile::encodeName(m_folder));
    return {};
}

Result<QByteArray> Spill::write(quint64 id, QByteArrayView payload, bool isDurable) const
{
    const QByteArray name = QByteArray::number(id, 16).rightJustified(digits, '0') + ending.toByteArray();
    const QByteArray whole = path(name);
    const QByteArray unfinished = whole + unfinishedEnding.toByteArray();
    // One that is there is of a process that has died, and may have another name elsewhere.
    ::unlink(unfinished.constData());
    base::FileDescriptor fd(::open(unfinished.constData(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd.isValid())
        return failed("making the file", unfinished);
    Result<void> written = writeAll(fd.get(), payload, unfinished);
    if (written && isDurable && ::fdatasync(fd.get()) != 0)
        written = failed("writing the payload of a task to", unfinished);
    fd.reset();
    if (written && ::rename(unfinished.constData(), whole.constData()) != 0)
        written = failed("renaming", unfinished);
    if (written && isDurable)
        written = synchronizeFolder(QFile::encodeName(m_folder));
    if (!written) {
        ::unlink(unfinished.constData());
        ::unlink(whole.constData());
        return written.error();
    }
    return name;
}

Result<QByteArray> Spill::read(const QByteArray &name, qint64 longest) const
{
    if (!isName(name))
        return Error(Error::Invalid, QStringLiteral("%1 is no payload of a task").arg(QString::fromUtf8(name)));
    const QByteArray whole = path(name);
    const base::FileDescriptor fd = openPayload(AT_FDCWD, whole);
    struct stat status = {};
    if (!fd.isValid() || ::fstat(fd.get(), &status) != 0)
        return failed("the payload of a task in", whole);
    if (status.st_size > longest)
        return Error(Error::TooLarge, QStringLiteral("%1 has %2 bytes, and may have %3")
                                          .arg(QFile::decodeName(whole))
                                          .arg(status.st_size)
                                          .arg(longest));
    QByteArray bytes(status.st_size, Qt::Uninitialized);
    qsizetype filled = 0;
    while (filled < bytes.size()) {
        const ssize_t count = ::read(fd.get(), bytes.data() + filled, size_t(bytes.size() - filled));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return failed("reading", whole);
        if (count == 0)
            return Error(Error::Io, QStringLiteral("%1 is shorter than it was").arg(QFile::decodeName(whole)));
        filled += count;
    }
    return bytes;
}

void Spill::synchronize(const QByteArray &name) const
{
    const QByteArray whole = path(name);
    const base::FileDescriptor fd = isName(name) ? openPayload(AT_FDCWD, whole) : base::FileDescriptor();
    Result<void> done = fd.isValid() && ::fsync(fd.get()) == 0 ? Result<void>() : failed("writing", whole);
    if (done)
        done = synchronizeFolder(QFile::encodeName(m_folder));
    if (!done)
        qCWarning(logTasks).noquote() << done.error().message();
}

qint64 Spill::size(const QByteArray &name) const
{
    struct stat status = {};
    return isName(name) && ::stat(path(name).constData(), &status) == 0 ? qint64(status.st_size) : 0;
}

void Spill::remove(const QByteArray &name) const
{
    if (isName(name))
        ::unlink(path(name).constData());
}

int Spill::removeLeftovers(const std::function<bool(const QByteArray &)> &isNeeded, std::chrono::seconds age) const
{
    const auto isOld = [this, latest = std::time(nullptr) - age.count()](const QByteArray &name) {
        struct stat status = {};
        return ::stat(path(name).constData(), &status) == 0 && status.st_mtime <= latest;
    };
    int count = 0;
    const QStringList names = QDir(m_folder).entryList(QDir::Files | QDir::Hidden | QDir::System);
    for (const QString &decoded : names) {
        const QByteArray name = QFile::encodeName(decoded);
        const bool isUnfinished =
            name.endsWith(unfinishedEnding) && isName(QByteArrayView(name).chopped(unfinishedEnding.size()));
        if ((isUnfinished || isName(name)) && isOld(name) && (isUnfinished || !isNeeded(name)))
            count += ::unlink(path(name).constData()) == 0 ? 1 : 0;
    }
    return count;
}

bool Spill::isName(QByteArrayView name)
{
    if (name.size() != digits + ending.size() || !name.endsWith(ending))
        return false;
    return std::all_of(name.begin(), name.begin() + digits,
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

QByteArray Spill::path(const QByteArray &name) const
{
    return QFile::encodeName(m_folder) + '/' + name;
}

} // namespace Quern::tasks
