#pragma once

#include "config/settings.h"

namespace Quern::app {

/// Where durable tasks wait; absolute.
QString taskDatabasePath(const config::ServerSettings &server);
/// Whether there is a database at all.
bool usesTaskDatabase(const config::ServerSettings &server);

} // namespace Quern::app
