#pragma once

#include <QHash>
#include <QString>

#include <optional>

namespace Quern::watch {

/// Which file it is, by whatever name.
struct FileId
{
    quint64 device = 0;
    quint64 inode = 0;

    bool operator==(const FileId &) const = default;
};

inline std::size_t qHash(const FileId &id, std::size_t seed = 0)
{
    return qHashMulti(seed, id.device, id.inode);
}

/// What tells one content of a file from another without reading it.
struct FileStamp
{
    FileId id;
    qint64 size = 0;     ///< bytes
    qint64 modified = 0; ///< nanoseconds since 1970
    qint64 changed = 0;  ///< the same, of whatever the system knows of it: content, permissions, names

    /// Whether the content is the same, unless somebody who has written to it has turned its clock back.
    bool isLike(const FileStamp &other) const
    {
        return id == other.id && size == other.size && modified == other.modified;
    }
};

using FileStamps = QHash<QString, FileStamp>;

/// What the system says of a file.
struct FileStatus
{
    enum class Kind { Plain, Directory, Link, Other };

    FileStamp stamp;
    Kind kind = Kind::Other;
    quint64 names = 1; ///< that it has
    quint64 mount = 0; ///< in which it is found; only to be compared
};

/// Of what \a path leads to, links followed. None: of nothing, and errno says why. Blocks as long as its file system
/// does.
std::optional<FileStatus> statusOf(const QString &path);
/// The same of \a path itself, which may be a link.
std::optional<FileStatus> statusOfEntry(const QString &path);

} // namespace Quern::watch
