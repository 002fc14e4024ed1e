#pragma once

#include "config/settings.h"

#include <Quern/result.h>

namespace Quern::config {

/// The largest settings file that is read, in bytes.
inline constexpr qint64 longestFile = 1 << 20;

/// What the settings are read for.
enum class Purpose {
    StartServer, ///< everything must be right
    FindServer,  ///< a command for a server that runs: runtime_dir must be right; another wrong key has its default
};

/// What holds without a settings file; relative paths refer to \a directory.
Settings defaults(const QString &directory);

/// Reads and checks the TOML file \a path. Every problem is told at once, one line each:
///
///     quern.toml:7: server.worker_nun: unknown key; did you mean worker_num?
///
/// Error::Invalid for what the file says, Error::NotFound, Error::Permission, Error::TooLarge (over longestFile) or
/// Error::Io if it cannot be read.
Result<Settings> load(const QString &path, Purpose purpose = Purpose::StartServer);

} // namespace Quern::config
