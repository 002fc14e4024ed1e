#pragma once

#include "base/filedescriptor.h"
#include "base/identity.h"
#include "dispatch/topnames.h"

#include <Quern/result.h>

#include <QByteArrayView>
#include <QString>

#include <memory>
#include <sys/types.h>
#include <time.h>

namespace Quern::dispatch {

/// A regular file, open for reading, and what it was like when it was opened.
struct OpenFile
{
    std::shared_ptr<const base::FileDescriptor> descriptor; ///< shared with the connection that sends it
    quint64 size = 0;                                       ///< bytes
    timespec modified{};                                    ///< of its content
};

/// Opens the regular file at \a path. Never waits: a FIFO or a device is refused (Error::Invalid), as is a folder, and
/// what a link of /proc leads to that is none of the file system: /proc/self/fd/3 would be this process's own.
/// Error::NotFound, Error::Permission or Error::Io with the path otherwise. Any thread; blocks for the disk.
Result<OpenFile> openFile(const QString &path);

/// Files as a handler sees them that is another user than this process, or has another root folder. Any thread.
class HandlerFiles
{
public:
    /// \a root: absolute; empty: the same as here. Error::NotFound, Error::Permission or Error::Io with it.
    static Result<HandlerFiles> create(const base::Identity &user, const QString &root);

    /// openFile() with the rights of that user; \a path is as it is called there. No path and no symbolic link leads
    /// out of the root folder. Needs Linux 5.6 if there is one.
    Result<OpenFile> open(const QString &path) const;

private:
    HandlerFiles(base::Identity user, base::FileDescriptor root) : m_user(std::move(user)), m_root(std::move(root)) {}

    base::Identity m_user;
    base::FileDescriptor m_root; ///< invalid: the same as here
};

/// A folder out of which files are opened, and whatever the path or a symbolic link says, none outside of it. It stays
/// the folder that it was when it was opened, also when its path has come to mean another one. Any thread.
class RootFolder
{
public:
    enum class Lookup : quint8 {
        Kernel,   ///< openat2(RESOLVE_BENEATH), Linux 5.6: relative symbolic links work as long as they stay inside
        Segments, ///< a step for each segment; symbolic links do not work at all
    };

    /// Error::NotFound, Error::Permission or Error::Io with \a path and the mend.
    static Result<RootFolder> open(const QString &path);
    /// The same with a lookup by \a lookup, which the system must be able to do.
    static Result<RootFolder> open(const QString &path, Lookup lookup);

    /// What a path beneath the folder led to.
    struct Entry
    {
        enum class Kind : quint8 { None, File, Folder, OutOfDescriptors };
        Kind kind = Kind::None;
        OpenFile file; ///< for a folder only its descriptor
    };
    /// Opens \a path: relative, without "." and ".." and without empty segments, except "." for the folder itself; NUL
    /// behind its last byte. None if there is no such thing, or it lies outside, or may not be read, or is neither.
    Entry entry(QByteArrayView path) const;
    /// False if entry(\a path), and that of whatever lies below it, is None, as far as TopNames knows: a look that is
    /// much cheaper than entry().
    bool mayHold(QByteArrayView path) const { return !m_names || m_names->mayHold(m_fd.get(), path); }

    Lookup lookup() const { return m_lookup; }

private:
    RootFolder(base::FileDescriptor fd, Lookup lookup);

    base::FileDescriptor openBeneath(QByteArrayView path) const;

    base::FileDescriptor m_fd;
    std::unique_ptr<TopNames> m_names; ///< null: each path is looked up
    Lookup m_lookup;
};

/// The same with a lookup by \a lookup.
Result<OpenFile> openFile(const QString &path, RootFolder::Lookup lookup);

} // namespace Quern::dispatch
