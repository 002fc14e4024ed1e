#pragma once

#include "config/environment.h"
#include "config/settings.h"

#include <Quern/result.h>

#include <QByteArray>

namespace Quern::config {

/// The largest settings file that is read, in bytes.
inline constexpr qint64 longestFile = 1 << 20;

/// What the settings are read for.
enum class Purpose {
    StartServer, ///< everything must be right
    /// A command for a server that runs: runtime_dir must be right; another wrong key has its default. Of a file that
    /// is not even TOML the line `runtime_dir = "…"` of [server] is taken, and without one the default; but nothing is
    /// guessed: a runtime_dir elsewhere, or twice, is an error.
    FindServer,
};

struct LoadOptions
{
    Purpose purpose = Purpose::StartServer;
    QString environment; ///< reads .env.<environment>, too; empty: .env alone
};

/// What holds without a settings file; relative paths refer to \a directory. No .env file is read.
Settings defaults(const QString &directory);

/// The same with the .env files of \a directory.
Result<Settings> loadDefaults(const QString &directory, const LoadOptions &options = {});

/// Reads and checks the TOML file \a path, and the .env files beside it. Every problem is told at once, one line each:
///
///     quern.toml:7: server.worker_nun: unknown key; did you mean worker_num?
///
/// Error::Invalid for what the files say, Error::NotFound, Error::Permission, Error::TooLarge (over longestFile) or
/// Error::Io if one cannot be read.
Result<Settings> load(const QString &path, const LoadOptions &options = {});

/// The same with the TOML text \a bytes in place of what the file \a path says, which need not be there.
Result<Settings> loadText(const QByteArray &bytes, const QString &path, const LoadOptions &options = {});

/// Reads the TOML text \a bytes as if it were the file \a path.
Result<Settings> parseSettings(const QByteArray &bytes, const QString &path, const Environment &environment,
                               Purpose purpose);

} // namespace Quern::config
