#pragma once

#include <QHash>
#include <QSet>
#include <QString>
#include <QStringList>

namespace Quern::watch {

/// What is looked at. All paths are absolute and clean. A plain value; any thread.
struct WatchPlan
{
    QStringList files = {}; ///< each is needed: one that is not there is on its way, and no change
    QStringList paths = {}; ///< further files, and directories with all that is in them; they may come and go
    /// What the server writes: not looked at in a directory, nor what stands beside it as "x-wal".
    QStringList ignored = {};
    QStringList types = {};    ///< what the names of files in a directory end in; empty: in anything
    QStringList excluded = {}; ///< directories in a directory that are not looked into: names, and absolute paths
    QString own = {};          ///< a directory in which only the server writes; empty: there is none
    bool isLogged = true;      ///< the log tells of more than what fails

    /// Whether \a path, in a directory, is one of the ignored or below it, or named after it: "x.1", "x-wal".
    bool ignores(const QString &path) const;
    /// Whether \a path, found in a directory, is looked at if it is a file, and into if it is a directory.
    bool takesFile(const QString &path) const;
    bool takesDirectory(const QString &path) const;
    bool operator==(const WatchPlan &) const = default;
};

/// What tells one content of a file from another without reading it.
struct FileStamp
{
    quint64 device = 0;
    quint64 inode = 0;
    qint64 size = 0;     ///< bytes
    qint64 modified = 0; ///< nanoseconds since 1970

    bool operator==(const FileStamp &) const = default;
};

using FileStamps = QHash<QString, FileStamp>;

/// What there is of a plan just now.
struct FileScan
{
    /// More directories or files than these are not looked at.
    static constexpr qsizetype MostDirectories = 1000;
    static constexpr qsizetype MostFiles = 20'000;

    FileStamps files;      ///< by path; what is not there is not in it
    QSet<QString> entries; ///< the files and paths, and each link on the way to them: a change of one may matter
    QSet<QString> trees;   ///< directories of which everything that is not left out matters
    bool isWhole = true;   ///< there is no more than may be looked at
    bool isSure = true;    ///< what is not in it is not there: the system had all that looking takes

    /// Those of the trees, and those that the entries lie in: where events can come from.
    QSet<QString> directories() const;
    /// Whether \a path is an entry, or lies in one of the trees.
    bool reaches(const QString &path) const;
};

/// Looks at \a plan. Blocks as long as its file systems do. In a directory hidden entries, editors' backups ("x~"),
/// links to directories and what is no plain file are left out.
FileScan scanFiles(const WatchPlan &plan);

} // namespace Quern::watch
