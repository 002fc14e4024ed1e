#pragma once

#include "config/settings.h"

namespace Quern::app {

/// How many custom processes there are, copies included.
int customProcesses(const config::Settings &settings);

/// How many files a server with these settings and \a processes custom processes has open at most beside its client
/// connections: above all, what it needs to start children again.
qint64 reservedDescriptors(const config::ServerSettings &server, int processes);

/// How many files a process must be allowed to open to have max_conn connections.
qint64 wantedDescriptors(const config::ServerSettings &server, int processes);

/// How many connections, max_conn at most and 1 at least, a process can have that may open \a openFiles files. A
/// quarter of what is there for clients is for the files that they are sent, and that their uploads wait in.
int possibleConnections(const config::ServerSettings &server, int processes, qint64 openFiles);

} // namespace Quern::app
