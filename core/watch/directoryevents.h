#pragma once

#include "base/filedescriptor.h"

#include <Quern/result.h>

#include <QHash>
#include <QObject>
#include <QSet>
#include <QString>

class QSocketNotifier;

namespace Quern::watch {

/// Tells what happens to the entries of directories: inotify(7). QFileSystemWatcher would tell of no file in a
/// directory that is written to, unless each has a watch of its own. Lives in one thread with an event loop. A test
/// derives one that hears less.
class DirectoryEvents : public QObject
{
    Q_OBJECT
public:
    enum class What {
        Created,    ///< it has come, by no other name before
        Written,    ///< to, by somebody who has it open
        Closed,     ///< by somebody who had it open for writing
        Changed,    ///< it has come, gone, or become another one
        Attributes, ///< its times, permissions, owner or number of names
        Directory,  ///< so has a directory, or the one that is watched itself
    };

    explicit DirectoryEvents(QObject *parent = nullptr);
    ~DirectoryEvents() override;

    /// From now on those of \a directories, and of \a ancestors no more than that entries come and go; no others. One
    /// that is not there is left out; for one that has become another one under its path call this again. An error
    /// tells which limit of the system is in the way: of some, or of all, nothing is told.
    virtual Result<void> setDirectories(const QSet<QString> &directories, const QSet<QString> &ancestors = {});
    /// Those of the directories that are there, and which the system does not watch, and why: one may pass them, and
    /// not read them.
    const QHash<QString, QString> &unwatched() const { return m_unwatched; }

    /// Tells what has happened up to now, without a turn of the event loop.
    void read();

Q_SIGNALS:
    /// \a path is the directory, as it was given, with the entry's name.
    void happened(const QString &path, Quern::watch::DirectoryEvents::What what);
    /// More has happened than the system has kept: look at everything.
    void lost();

private:
    Result<void> open();

    base::FileDescriptor m_fd;
    QSocketNotifier *m_notifier = nullptr;
    /// By the system's number; two paths of one directory share it.
    QMultiHash<int, QString> m_directories;
    QHash<QString, QString> m_unwatched;
};

} // namespace Quern::watch
