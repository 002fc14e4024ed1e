#pragma once

#include "config/settings.h"

namespace Quern::app {

/// Runs the server in this process until it is stopped, in the foreground or as a daemon, and returns the exit code.
/// Creates the QCoreApplication; call it in a process that has none.
int runServer(const config::Settings &settings, bool daemonize, int &argc, char **argv);

} // namespace Quern::app
