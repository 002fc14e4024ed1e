#pragma once

#include "watch/directoryevents.h"
#include "watch/filestatus.h"

#include <QDeadlineTimer>
#include <QHash>
#include <QSet>
#include <QString>

#include <chrono>

namespace Quern::watch {

/// Whether somebody has a file open for writing: see base::isOpenForWriting(). Where the system does not say, it is
/// known by what events have told.
class Writers
{
public:
    /// Who has not written for \a longest, and whose close has not been heard, is believed to have gone: events may get
    /// lost, and some writes have no open file, as truncate(2).
    explicit Writers(std::chrono::milliseconds longest) : m_longest(longest) {}

    /// Looks at \a path.
    void heard(const QString &path, DirectoryEvents::What what);
    /// Events have been lost: nobody is known any more.
    void clear() { m_writing.clear(); }
    /// Of other \a directories no event will come.
    void keepIn(const QSet<QString> &directories);

    /// Whether the plain file \a path, of which \a stamp has just been seen, is being written, or about to be. If it is
    /// \a remote the system is not asked. Blocks as long as its file system does.
    bool isWriting(const QString &path, const FileStamp &stamp, bool remote) const;

    /// Whether \a file has been written to since forget().
    bool hasWritten(const FileId &file) const { return m_written.contains(file); }
    void forget(const FileId &file) { m_written.remove(file); }
    void forgetAll() { m_written.clear(); }

private:
    struct Writing
    {
        FileId file;
        QDeadlineTimer until;
    };

    const std::chrono::milliseconds m_longest;
    QHash<QString, Writing> m_writing;
    QSet<FileId> m_written;
};

} // namespace Quern::watch
