#pragma once

#include "config/settings.h"

#include <Quern/result.h>

namespace Quern::app {

/// `quern info`: prints versions, how this program was built, the system, paths and components. \a settings tell the
/// paths of the server; if they cannot be read, that is printed in their place. Returns the exit code.
int showInfo(const Result<config::Settings> &settings, bool json);

} // namespace Quern::app
