#pragma once

#include "base/loglevels.h"
#include "config/settings.h"

#include <Quern/result.h>

namespace Quern::app {

/// Where the log of a server in the background goes, or of one in the foreground; empty: to standard error.
QString logFileOf(const config::Settings &settings, bool daemonize);

base::LogLevels logLevelsOf(const config::Settings &settings);

/// Starts the master's log. The runtime directory is there already; folders elsewhere are not made, since a mistyped
/// name is no wish for one. An error names the line of the settings and the mend.
Result<void> startLogFor(const config::Settings &settings, bool daemonize);

} // namespace Quern::app
