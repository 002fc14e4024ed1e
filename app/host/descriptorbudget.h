#pragma once

#include "config/settings.h"

namespace Quern::app {

/// How many files a server with these settings has open at most beside its client connections: above all, what it needs
/// to start workers again.
qint64 reservedDescriptors(const config::ServerSettings &server);

/// How many connections, max_conn at most and 1 at least, a process can have that may open \a openFiles files.
int possibleConnections(const config::ServerSettings &server, qint64 openFiles);

} // namespace Quern::app
