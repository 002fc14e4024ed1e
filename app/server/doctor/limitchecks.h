#pragma once

#include "app/host/machine.h"
#include "app/server/doctor/check.h"
#include "config/settings.h"

namespace Quern::app::doctor {

/// Whether this machine, and the control groups and limits that the server lives in, give what the settings ask for.
/// \a machine tells of the running server's process if \a isRunning, with \a workerBytes the resident memory of its
/// largest worker; else of this one, with \a workerBytes 0.
Checks limitChecks(const config::Settings &settings, const Machine &machine, bool isRunning, qint64 workerBytes);

} // namespace Quern::app::doctor
