#pragma once

#include "config/settings.h"
#include "process/supervisorsettings.h"

namespace Quern::app {

/// What the supervisor is to keep alive, from the settings; \a plugins are the original files.
process::SupervisorSettings workerSettings(const config::Settings &settings,
                                           const QList<ipc::BootMessage::Plugin> &plugins);

} // namespace Quern::app
