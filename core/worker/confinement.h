#pragma once

#include "ipc/confinement.h"

#include <Quern/result.h>

#include <sys/types.h>

namespace Quern::worker {

// What bounds this child. All threads of the process; called in the main one.

/// Before anything is loaded: umask and resource limits. Error::Permission or Error::Invalid names the limit.
Result<void> applyLimits(const ipc::Confinement &confinement);

/// After everything is loaded that needs the rights of \a master, and before any request: becomes the user for good,
/// with the root folder that is wanted. Does nothing if no user is named. An error means that the child must end: it
/// may be anything between the two.
Result<void> confine(const ipc::Confinement &confinement, pid_t master);

} // namespace Quern::worker
