#pragma once

#include "app/server/commandline.h"

#include <functional>

namespace Quern::app {

/// `quern` alone: starts the server of the settings in the background unless it runs, and opens the console on it.
/// Where no console can be shown it says so in one line and calls \a serve instead, which is to run the server in this
/// process. Returns the exit code. Needs a process without a QCoreApplication.
int openConsoleOrServe(const CommandLine &line, int argc, char **argv, const std::function<int()> &serve);

/// `quern admin [URL]`: the console alone. Without a URL on the server of the settings; where there are neither
/// settings nor a server, on that which was looked at last.
int openConsole(const CommandLine &line, int argc, char **argv);

} // namespace Quern::app
