#pragma once

#include <QString>

#include <optional>

namespace Quern::base {

/// Where a directory lies. A plain value; any thread.
struct FileSystem
{
    quint64 device = 0;
    /// What it is, if others can change its files without this system being told: "NFS". Then events tell of changes
    /// that are made here, and of no others.
    QString sharedType;

    bool operator==(const FileSystem &) const = default;
};

/// Of what \a directory leads to; none if there is none. Blocks as long as its file system does.
std::optional<FileSystem> fileSystemOf(const QString &directory);

/// For a type as statfs(2) tells it: "NFS", "FUSE"; empty if nobody else changes such files, as far as is known.
QString sharedTypeName(quint64 type);

} // namespace Quern::base
