#pragma once

#include <QStringList>

namespace Quern::config {

/// How the next generation takes over.
enum class ReloadStrategy {
    Auto,    ///< all at once, if there is memory for both
    All,     ///< all at once
    Rolling, ///< one child after the other
};

/// The [reload] table: one member a key, with its default. The key's name and range stand in reloadkeys.cpp. It is a
/// part of ServerSettings, so that the same rules read both.
struct ReloadSettings
{
    ReloadStrategy reloadStrategy = ReloadStrategy::Auto;
    bool reloadWatch = false; ///< whether the server reloads when files change
    QStringList reloadPaths;  ///< files and directories that are watched besides; as written, from the file's directory
    /// What the names of files in these directories end in, with or without the dot; empty: all are watched.
    QStringList reloadFileTypes;
    /// Left out of these directories: a name, wherever it is, or a path with a slash, from the file's directory.
    QStringList reloadExcludedDirs;
    bool reloadLog = true; ///< whether the log tells of more than what fails

    bool operator==(const ReloadSettings &) const = default;
};

} // namespace Quern::config
