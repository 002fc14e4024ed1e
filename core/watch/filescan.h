#pragma once

#include "watch/filestatus.h"
#include "watch/plan.h"

#include <QHash>
#include <QSet>
#include <QString>

namespace Quern::watch {

/// What there is of a plan just now.
struct FileScan
{
    /// More directories or files than these are not looked at.
    static constexpr qsizetype MostDirectories = 1000;
    static constexpr qsizetype MostFiles = 20'000;
    /// Of more links to files it is not known where they lead.
    static constexpr qsizetype MostLinks = 1000;

    FileStamps files;               ///< by path; what is not there is not in it
    QSet<QString> entries;          ///< the files and paths, and where links lead from them: a change of one may matter
    QSet<QString> passed;           ///< directories and links on the way there: so may it, if one becomes another
    QSet<QString> trees;            ///< directories of which everything that is not left out matters
    QHash<QString, QString> ends;   ///< of files that links lead to: where
    QSet<QString> mounted;          ///< files that are mounted by themselves
    QHash<QString, QString> unsure; ///< what could not be looked at, though it may be there, and why
    bool isWhole = true;            ///< there is no more than may be looked at
    bool hasAllLinks = true;        ///< it is known where all links in trees lead
    bool isSure = true;             ///< the system had all that looking takes; if not, nothing of it means anything

    /// Those of the trees, and those that the entries lie in: where changes of files are told of.
    QSet<QString> directories() const;
    /// Further ones, which are passed: where directories may be replaced.
    QSet<QString> ancestors() const;
    /// Whether \a path is an entry, or lies in one of the trees.
    bool reaches(const QString &path) const;
    /// Whether \a file would have been in it by \a plan, of which it is, had it been there.
    bool covers(const QString &file, const WatchPlan &plan) const;
    /// Whether \a path is, or lies in, what could not be looked at.
    bool isUnsure(const QString &path) const;
    /// Of what could not be looked at, what \a before has.
    void keep(const FileScan &before);
};

/// Looks at \a plan. Blocks as long as its file systems do. In a directory hidden entries, editors' backups ("x~"),
/// links to directories and what is no plain file are left out. What is known of files on \a remoteDevices may be old:
/// those of the plan, and of \a doubtful, are opened, for then NFS asks its server (nfs(5), close-to-open cache
/// consistency).
FileScan scanFiles(const WatchPlan &plan, const QSet<quint64> &remoteDevices = {}, const QSet<QString> &doubtful = {});

} // namespace Quern::watch
