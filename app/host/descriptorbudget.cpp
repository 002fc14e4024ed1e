#include "app/host/descriptorbudget.h"

#include "dispatch/reactor.h"

#include <algorithm>

namespace Quern::app {

qint64 reservedDescriptors(const config::ServerSettings &server)
{
    constexpr int ofMaster = 64; // listening sockets, epoll, timers, logs, control clients
    // A child has a channel to each reactor and to the main thread, its page, and QProcess's pipes; while it starts,
    // both ends of each. Two generations live side by side during a reload.
    const int workers = std::max(server.workerNum, server.workerMaxNum);
    const int ofChildren = 2 * workers * (2 * (server.reactorNum + 1) + 6);
    const int ofRefused = server.reactorNum * dispatch::Reactor::MaxRefused;
    constexpr int streams = 64; // and listening sockets
    const int ofApi = server.adminEnable ? server.adminMaxConnections + streams : 0;
    return ofMaster + ofChildren + ofRefused + ofApi;
}

qint64 wantedDescriptors(const config::ServerSettings &server)
{
    return reservedDescriptors(server) + server.maxConn + (server.maxConn - 1) / 3;
}

int possibleConnections(const config::ServerSettings &server, qint64 openFiles)
{
    const qint64 left = openFiles - reservedDescriptors(server);
    return int(std::clamp<qint64>(left - left / 4, 1, server.maxConn));
}

} // namespace Quern::app
