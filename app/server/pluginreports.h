#pragma once

#include "app/server/commandline.h"

namespace Quern::app {

/// `quern plugin check FILE…`: loads the files in a process of their own and tells what they are, or what is wrong with
/// them; those that are right are told as well. A [[plugin]] entry for a file gives it its settings. Returns the exit
/// code. Needs a QCoreApplication.
int checkPlugins(const CommandLine &line);

/// `quern plugin list`: the plugins of the running server; without one those of the settings, which are tried.
int listPlugins(const CommandLine &line);

} // namespace Quern::app
