#pragma once

#include "app/server/doctor/check.h"
#include "config/settings.h"

namespace Quern::app::doctor {

/// Whether the child processes can become the user that the settings name, with the root folder and the limits that are
/// wanted. Nothing to say where the settings say nothing. Makes nothing.
Checks childChecks(const config::ServerSettings &server);

} // namespace Quern::app::doctor
