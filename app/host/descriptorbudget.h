#pragma once

#include "config/settings.h"

namespace Quern::app {

/// How many files a server with these settings has open at most beside its client connections: above all, what it needs
/// to start children again.
qint64 reservedDescriptors(const config::Settings &settings);

/// How many files a process must be allowed to open to have max_conn connections.
qint64 wantedDescriptors(const config::Settings &settings);

/// How many connections, max_conn at most and 1 at least, a process can have that may open \a openFiles files. A
/// quarter of what is there for clients is for the files that they are sent, and that their uploads wait in.
int possibleConnections(const config::Settings &settings, qint64 openFiles);

} // namespace Quern::app
