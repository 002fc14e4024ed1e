#pragma once

#include "journal.h"

#include <Quern/application.h>

namespace Worklab {

/// Tasks and listeners for every fate that a task may have. \a journal outlives \a app.
void installTasks(Quern::Application &app, const Journal &journal);

} // namespace Worklab
