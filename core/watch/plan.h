#pragma once

#include <QString>
#include <QStringList>

namespace Quern::watch {

/// What is looked at. All paths are absolute and clean. A plain value; any thread.
struct WatchPlan
{
    QStringList files = {}; ///< each is needed: one that is not there is on its way, and no change
    QStringList paths = {}; ///< further files, and directories with all that is in them; they may come and go
    /// What the server writes: not looked at in a directory, nor what stands beside it as "x-wal" or "x.1".
    QStringList ignored = {};
    QStringList ignoredDirectories = {}; ///< those that only the server writes in; nor is what lies in them
    QStringList types = {};              ///< what the names of files in a directory end in; empty: in anything
    QStringList excluded = {}; ///< directories in a directory that are not looked into: names, and absolute paths
    QString own = {};          ///< a directory in which only the server writes; empty: there is none
    bool isLogged = true;      ///< the log tells of more than what fails

    /// Whether \a path, in a directory, is one of the ignored, or below one, or named after a file of them.
    bool ignores(const QString &path) const;
    /// Whether \a path, found in a directory, is looked at if it is a file, and into if it is a directory.
    bool takesFile(const QString &path) const;
    bool takesDirectory(const QString &path) const;
    bool operator==(const WatchPlan &) const = default;
};

/// \a plan, in which what is ignored has all the names by which links make it be found in the directories of the plan.
/// They hold until a link changes. Blocks as long as the file systems do.
WatchPlan withEveryName(const WatchPlan &plan);

} // namespace Quern::watch
