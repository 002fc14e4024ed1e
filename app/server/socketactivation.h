#pragma once

#include "net/inheritedsockets.h"

#include <Quern/result.h>

namespace Quern::app {

/// Takes the sockets that a service manager has bound for this process, as sd_listen_fds(3) tells: LISTEN_PID, and
/// LISTEN_FDS descriptors from 3 on. Removes both from the environment, so that no child takes them for its own. None
/// if they are not meant for this process. Error::Invalid if one of them is no socket that can be served.
Result<net::InheritedSockets> takeActivationSockets();

} // namespace Quern::app
