#pragma once

#include <Quern/application.h>

namespace Worklab {

/// What takes memory and never gives it back: a route, a task and a custom process.
void installHoard(Quern::Application &app);

} // namespace Worklab
