#pragma once

#include "watch/directoryevents.h"
#include "watch/filestatus.h"

#include <QHash>
#include <QSet>
#include <QString>

namespace Quern::watch {

/// Which files somebody is writing, by what events tell. Whoever dies closes his files, so that only an event that the
/// system has not kept leaves one here for ever.
class Writers
{
public:
    /// Looks at \a path.
    void heard(const QString &path, DirectoryEvents::What what);
    /// Events have been lost: nobody is known any more.
    void clear();
    /// Of other \a directories no event will come.
    void keepIn(const QSet<QString> &directories);

    /// Whether \a file is being written, or is about to be.
    bool isWriting(const FileId &file) const;
    /// Whether \a file has been written to since forgetWritten().
    bool hasWritten(const FileId &file) const { return m_written.contains(file); }
    void forgetWritten() { m_written.clear(); }
    /// Nobody waits any longer for who has made a file and not written to it; false if there is none.
    bool releaseMade();

private:
    struct Writing
    {
        FileId file;
        /// It is there and empty: ld makes its file when it begins, and writes when it ends.
        bool isMade = false;
    };

    QHash<QString, Writing> m_writing;
    QSet<FileId> m_written;
};

} // namespace Quern::watch
