#pragma once

#include "ipc/processplan.h"
#include "sdk/src/application_p.h"

#include <Quern/result.h>

namespace Quern::worker {

/// Whether plugins have registered with \a application what the custom processes of \a plan are to run. The
/// Error::Invalid has one line for each whose handler none has registered, with its place and the mend.
Result<void> checkProcesses(const ApplicationPrivate &application, const ipc::ProcessPlan &plan);

} // namespace Quern::worker
