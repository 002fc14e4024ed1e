#pragma once

#include "app/server/commandline.h"

namespace Quern::app {

/// `quern init [DIRECTORY]`: a starter project. Returns the exit code.
int runInitCommand(const CommandLine &line);

} // namespace Quern::app
