#pragma once

#include "app/server/restarthandover.h"
#include "config/settings.h"

namespace Quern::app {

/// How many bytes the tables of the server with \a settings have taken, which are free when it has stopped; 0 if none
/// runs, or \a settings want no tables. Needs a QCoreApplication.
quint64 tableMemoryOfServer(const config::Settings &settings);

/// The same of the tables that the server before this one leaves to it.
quint64 tableMemoryOf(const RestartHandover &handover);

} // namespace Quern::app
