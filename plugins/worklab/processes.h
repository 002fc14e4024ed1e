#pragma once

#include "journal.h"

#include <Quern/application.h>

namespace Worklab {

/// Custom processes for every use of pipe and queue, routes that talk to them, and messages between all processes.
/// \a journal outlives \a app.
void installProcesses(Quern::Application &app, const Journal &journal);
void installProcessRoutes(Quern::RouteGroup &work);

} // namespace Worklab
