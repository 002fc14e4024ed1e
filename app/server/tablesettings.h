#pragma once

#include "config/settings.h"
#include "tables/sharedtables.h"

#include <Quern/result.h>

namespace Quern::app {

/// What \a settings say of tables and atomics.
tables::SharedTablesSettings tableSettings(const config::Settings &settings);
/// Error::Invalid if they take more than \a available bytes when they are full; the message names the largest one and
/// its place.
Result<void> checkTableMemory(const config::Settings &settings, quint64 available);
/// The same with what may be taken here, and \a leavingMemory bytes more that will be free by then.
Result<void> checkTableMemoryHere(const config::Settings &settings, quint64 leavingMemory = 0);
/// How many bytes \a tables have taken so far.
quint64 memoryOf(const tables::SharedTables &tables);
/// Makes them, if checkTableMemoryHere() has nothing against it.
Result<tables::SharedTables> makeTables(const config::Settings &settings);

} // namespace Quern::app
