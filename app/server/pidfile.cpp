#include "app/server/pidfile.h"

#include "base/systemerror.h"

#include <QByteArray>
#include <QFile>
#include <QThread>

#include <csignal>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace Quern::app {

namespace {

constexpr unsigned long pollMilliseconds = 10;
/// Somebody who only looks holds the lock for a moment; a server holds it for longer than this.
constexpr std::chrono::milliseconds lookTime(200);

base::FileDescriptor openFile(const QString &path, int flags)
{
    return base::FileDescriptor(::open(QFile::encodeName(path).constData(), flags | O_CLOEXEC, 0644));
}

qint64 readPid(int fd)
{
    char text[32] = {};
    const ssize_t count = ::pread(fd, text, sizeof text - 1, 0);
    return count > 0 ? QByteArray(text, count).trimmed().toLongLong() : 0;
}

/// What flock() says on a file system without locks.
bool hasNoLocks(int errorNumber)
{
    return errorNumber == ENOLCK || errorNumber == EOPNOTSUPP || errorNumber == EINVAL || errorNumber == ENOSYS;
}

/// What tells a server from a stranger that has got its pid, where there are no locks.
bool isMaster(qint64 pid)
{
    QFile title(QStringLiteral("/proc/%1/cmdline").arg(pid));
    return pid > 0 && title.open(QIODevice::ReadOnly) && title.readAll().startsWith("quern: master");
}

Error withMend(const Error &error, const char *mend)
{
    return Error(error.code(), error.message() + QStringLiteral("; ") + QLatin1StringView(mend));
}

} // namespace

PidFile::PidFile(const QString &path) : m_path(path) {}

PidFile::~PidFile()
{
    // Removed while still locked: whoever waits for the lock sees that the file has gone and makes a new one.
    // Where there are no locks somebody else may have taken it over.
    if (m_fd.isValid() && readPid(m_fd.get()) == ::getpid())
        ::unlink(QFile::encodeName(m_path).constData());
}

Result<void> PidFile::acquire(WithoutLocks withoutLocks)
{
    const auto deadline = std::chrono::steady_clock::now() + lookTime;
    while (true) {
        base::FileDescriptor fd = openFile(m_path, O_RDWR | O_CREAT);
        if (!fd.isValid())
            return base::systemError(QStringLiteral("cannot open the pid file %1").arg(m_path));
        const int outcome = ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
        if (hasNoLocks(outcome) && withoutLocks == WithoutLocks::GoOn) {
            if (const qint64 pid = readPid(fd.get()); isMaster(pid))
                return alreadyRunning(pid);
        } else if (outcome != 0) {
            errno = outcome;
            if (hasNoLocks(outcome))
                return withMend(base::systemError(QStringLiteral("cannot lock the pid file %1").arg(m_path)),
                                "let runtime_dir name a directory on another file system, or start with --ignore");
            if (errno != EWOULDBLOCK)
                return base::systemError(QStringLiteral("cannot lock the pid file %1").arg(m_path));
            if (std::chrono::steady_clock::now() < deadline) {
                QThread::msleep(pollMilliseconds);
                continue;
            }
            return alreadyRunning(readPid(fd.get()));
        }
        struct stat opened = {};
        struct stat present = {};
        ::fstat(fd.get(), &opened);
        if (::stat(QFile::encodeName(m_path).constData(), &present) != 0 || opened.st_ino != present.st_ino)
            continue; // removed by its former holder between open and lock
        m_fd = std::move(fd);
        m_former = readPid(m_fd.get());
        const Result<void> written = write();
        if (!written) {
            ::unlink(QFile::encodeName(m_path).constData());
            m_fd.reset();
        }
        return written;
    }
}

Result<void> PidFile::adopt(base::FileDescriptor fd)
{
    m_fd = std::move(fd);
    return write();
}

Result<void> PidFile::write()
{
    const QByteArray pid = QByteArray::number(::getpid()) + '\n';
    // In this order: whoever reads it in between is to find a number.
    if (::pwrite(m_fd.get(), pid.constData(), size_t(pid.size()), 0) == pid.size() &&
        ::ftruncate(m_fd.get(), pid.size()) == 0)
        return {};
    return withMend(base::systemError(QStringLiteral("cannot write the pid file %1").arg(m_path)),
                    "make room there, or let runtime_dir name a directory elsewhere");
}

Error PidFile::alreadyRunning(qint64 pid) const
{
    return Error(Error::Exists, QStringLiteral("already running with pid %1 (it holds %2)").arg(pid).arg(m_path));
}

Result<qint64> PidFile::holder(const QString &path)
{
    const base::FileDescriptor fd = openFile(path, O_RDONLY);
    if (!fd.isValid() && errno != ENOENT)
        return base::systemError(QStringLiteral("cannot read the pid file %1").arg(path));
    if (!fd.isValid() || ::flock(fd.get(), LOCK_SH | LOCK_NB) == 0)
        return 0;
    const bool isLocked = !hasNoLocks(errno);
    const qint64 pid = readPid(fd.get());
    return isLocked || isMaster(pid) ? pid : 0;
}

bool PidFile::waitUntilFree(const QString &path, std::chrono::milliseconds patience)
{
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (true) {
        const Result<qint64> pid = holder(path);
        if (pid && *pid == 0)
            return true;
        if (std::chrono::steady_clock::now() >= deadline)
            return false;
        QThread::msleep(pollMilliseconds);
    }
}

} // namespace Quern::app
