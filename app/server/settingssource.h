#pragma once

#include "app/server/commandline.h"
#include "config/loader.h"

namespace Quern::app {

/// The settings file that \a line is about: the one it names, or quern.toml if that is there; empty: none.
QString settingsFile(const CommandLine &line);

/// The settings that \a line is about: of the file it names, of quern.toml in the working directory, or the defaults.
/// X_VERSION is part of the environment that they give to the children.
Result<config::Settings> loadSettings(const CommandLine &line, config::Purpose purpose);

/// What they would be if \a text stood in that file.
Result<config::Settings> candidateSettings(const CommandLine &line, const QByteArray &text);

} // namespace Quern::app
