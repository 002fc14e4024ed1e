#pragma once

#include "admin/protocol/endpoint.h"

#include <vector>

namespace Quern::admin {

/// What endpoints() gives: one row for each way to call a method. A method needs a row here, or in streamMethods().
std::vector<Endpoint> endpointRows();

} // namespace Quern::admin
