#pragma once

#include "config/settings.h"
#include "process/supervisorsettings.h"

namespace Quern::app {

/// What the supervisor is to keep alive, from the settings; \a plugins are the original files;
/// \a connectionsFd is of the table of connections, −1 for workers that serve nobody; \a tablesFd of the shared tables;
/// \a confinement is that of confinementOf(), or none where nobody is served.
process::SupervisorSettings workerSettings(const config::Settings &settings,
                                           const QList<ipc::BootMessage::Plugin> &plugins, int connectionsFd = -1,
                                           int tablesFd = -1, const ipc::Confinement &confinement = {});

} // namespace Quern::app
