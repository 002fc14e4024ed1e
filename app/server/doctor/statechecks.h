#pragma once

#include "app/server/doctor/check.h"

#include <Quern/result.h>

namespace Quern::app::doctor {

/// Whether what the server keeps can be had: \a memory for its tables, and the \a database of its tasks. \a unused says
/// what lies in a database that is not used; empty: nothing.
Checks stateChecks(const Result<void> &memory, const Result<void> &database, const QString &unused);

} // namespace Quern::app::doctor
