#pragma once

#include "admin/protocol/operation.h"
#include "app/server/controlclient.h"
#include "config/settings.h"

#include <Quern/result.h>

namespace Quern::app {

/// Follows a restart that the server has begun, as followOperation() does, and then into the server that comes after
/// it. Error::Unavailable if there is none.
Result<admin::Operation> followRestart(const config::Settings &settings, ControlClient &client,
                                       const admin::OperationReference &reference);

} // namespace Quern::app
