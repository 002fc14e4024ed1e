#pragma once

#include <Quern/result.h>

#include <QString>

namespace Quern::app {

/// What stands at the path of a runtime directory.
enum class RuntimeDirectoryState {
    Usable,
    Missing,
    NoDirectory,
    OfAnotherUser,
    OpenToOthers,
    Unreachable, ///< errno says why
};

/// Changes nothing.
RuntimeDirectoryState inspectRuntimeDirectory(const QString &path);

/// Makes the runtime directory \a path, with mode 0700 and its parents with the usual one. One that is there already is
/// taken only if it belongs to this user alone, and is not changed: it may have been named by mistake.
Result<void> prepareRuntimeDirectory(const QString &path);

/// Whether \a path could be taken, if it is there.
Result<void> checkRuntimeDirectory(const QString &path);

/// Whether \a folder is the runtime directory \a path or below it: such folders are made when they are needed. Both are
/// absolute and clean.
bool isInRuntimeDirectory(const QString &path, const QString &folder);

/// Whether a start makes \a folder: with the runtime directory \a path, or for the log file \a logFile ("": none) in
/// there. All are absolute and clean.
bool isMadeByStart(const QString &path, const QString &logFile, const QString &folder);

} // namespace Quern::app
