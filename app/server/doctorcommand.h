#pragma once

#include "config/loader.h"

#include <functional>

namespace Quern::app {

/// Reads the settings that the command line names.
using SettingsReader = std::function<Result<config::Settings>(config::Purpose)>;

/// `quern doctor`: checks machine, settings and server, prints what was found with a mend for what is wrong, and
/// returns the exit code: 1 if anything keeps the server from starting or serving. Changes nothing. Needs a
/// QCoreApplication.
int runDoctor(const SettingsReader &readSettings, bool json);

} // namespace Quern::app
