#pragma once

#include "app/server/commandline.h"
#include "config/settings.h"

#include <Quern/result.h>

namespace Quern::app {

/// `quern config`: shows the settings in effect, or those of the line's words alone; with --check it tells what is
/// wrong with them. Returns the exit code. Any thread.
int runConfigCommand(const CommandLine &line, const Result<config::Settings> &settings);

} // namespace Quern::app
