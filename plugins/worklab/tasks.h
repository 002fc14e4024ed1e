#pragma once

#include "journal.h"

#include <Quern/application.h>

namespace Worklab {

/// Tasks and listeners for every fate that a task may have. \a journal outlives \a app.
void installTasks(Quern::Application &app, const Journal &journal);

/// Delivers two tasks and fires an event, whichever process it is, and notes whether it could. The tasks get \a number
/// and the next one.
void relay(const Journal &journal, int number);

} // namespace Worklab
