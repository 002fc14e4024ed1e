#pragma once

#include "config/settings.h"
#include "tables/sharedtables.h"

#include <Quern/result.h>

namespace Quern::app {

/// What \a settings say of tables and atomics.
tables::SharedTablesSettings tableSettings(const config::Settings &settings);
/// Error::Invalid if they take more than \a available bytes when they are full, or more than may be taken here; the
/// message names the largest one and its place.
Result<void> checkTableMemory(const config::Settings &settings, quint64 available);
Result<void> checkTableMemory(const config::Settings &settings);
/// Makes them, if checkTableMemory() has nothing against it.
Result<tables::SharedTables> makeTables(const config::Settings &settings);

} // namespace Quern::app
