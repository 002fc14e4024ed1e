#pragma once

#include "app/host/machine.h"
#include "app/server/doctor/check.h"
#include "config/settings.h"

namespace Quern::app::doctor {

/// One check for each address of [server] and of the sockets: whether it can be had, or who has it. \a serverPid is the
/// master that runs with these settings; 0 if none does. Binds each address for a moment, and listens on none.
Checks listenChecks(const config::Settings &settings, const Machine &machine, qint64 serverPid);

} // namespace Quern::app::doctor
