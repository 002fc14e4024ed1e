#pragma once

#include "ipc/messages.h"
#include "sdk/src/application_p.h"

#include <Quern/result.h>

namespace Quern::worker {

/// Gives the ports of the server to what the plugins have registered with \a application. The Error::Invalid has one
/// line for each port whose handler none has registered, or whose handler cannot serve it, with its place and the mend.
Result<void> assignPorts(ApplicationPrivate &application, const QList<ipc::BootMessage::Port> &ports);

} // namespace Quern::worker
