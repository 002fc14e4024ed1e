#pragma once

#include "base/filedescriptor.h"

#include <Quern/result.h>

#include <QString>

#include <chrono>

namespace Quern::app {

/// The pid of the running master, in a file that it holds locked (flock) while it lives: the lock, not the number, says
/// that a server runs, so that a file left by a killed one means nothing. Any one thread.
class PidFile
{
public:
    explicit PidFile(const QString &path);
    /// Removes the file if this process holds it.
    ~PidFile();
    Q_DISABLE_COPY_MOVE(PidFile)

    enum class WithoutLocks {
        Refuse,
        GoOn, ///< where the file system has no locks, unless the process that wrote the file is a living master
    };

    /// Locks the file and writes this process's pid. Error::Exists if another process holds the lock: it names its pid.
    Result<void> acquire(WithoutLocks withoutLocks = WithoutLocks::Refuse);

    /// The pid of a server that has left the file, which acquire() has found; 0: none, since who ends removes it.
    qint64 former() const { return m_former; }

    /// Goes on with the lock that the server before this held, by the descriptor \a fd, and writes this process's pid.
    Result<void> adopt(base::FileDescriptor fd);
    /// Writes this process's pid again, after another one that did not come to it.
    Result<void> write();
    /// Of the locked file; -1: it is not locked.
    int descriptor() const { return m_fd.get(); }
    /// Another server has the lock now, by a descriptor of its own.
    void release() { m_fd.reset(); }

    /// The pid of the process that holds the lock; 0 if nobody does. Where there are no locks that of the process that
    /// wrote the file, if it is a living master. An error if that cannot be seen, for want of
    /// permission say.
    static Result<qint64> holder(const QString &path);
    /// Waits until nobody holds the lock; false if somebody still does after \a patience.
    static bool waitUntilFree(const QString &path, std::chrono::milliseconds patience);

private:
    Error alreadyRunning(qint64 pid) const;

    QString m_path;
    base::FileDescriptor m_fd;
    qint64 m_former = 0;
};

} // namespace Quern::app
