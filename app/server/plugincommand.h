#pragma once

#include "app/server/commandline.h"

namespace Quern::app {

/// `quern plugin …`. Returns the exit code.
int runPluginCommand(const CommandLine &line);

} // namespace Quern::app
