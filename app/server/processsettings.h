#pragma once

#include "config/settings.h"
#include "ipc/processplan.h"
#include "process/supervisorsettings.h"

namespace Quern::app {

/// What children and broker are told of the custom processes that are switched on, and of the others.
ipc::ProcessPlan processPlan(const config::Settings &settings);
/// What the supervisor is to keep alive of them.
QList<process::ProcessPool> processPools(const config::Settings &settings);

} // namespace Quern::app
