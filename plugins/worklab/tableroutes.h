#pragma once

#include <Quern/application.h>

namespace Worklab {

/// Routes that read and change rows of the [[table]] and the [[atomic]] entries.
void installTableRoutes(Quern::RouteGroup &work);

} // namespace Worklab
