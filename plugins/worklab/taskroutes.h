#pragma once

#include <Quern/application.h>

namespace Worklab {

/// Routes that deliver tasks and fire events.
void installTaskRoutes(Quern::RouteGroup &work);

} // namespace Worklab
