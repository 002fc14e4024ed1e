#pragma once

#include "config/settings.h"

#include <Quern/result.h>

namespace Quern::app {

/// Whether a server with \a settings could start once the one that runs has stopped: addresses, and plugins, which are
/// loaded in a process of their own. Nothing is asked if none runs. An error names the place and the mend. Needs a
/// QCoreApplication.
Result<void> checkRestart(const config::Settings &settings);

/// How many bytes the tables of the server with \a settings have taken, which are free when it has stopped; 0 if none
/// runs, or \a settings want no tables. Needs a QCoreApplication.
quint64 tableMemoryOfServer(const config::Settings &settings);

} // namespace Quern::app
