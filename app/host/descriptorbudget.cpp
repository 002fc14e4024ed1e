#include "app/host/descriptorbudget.h"

#include "dispatch/reactor.h"

#include <algorithm>

namespace Quern::app {

namespace {

/// Custom processes, copies included.
int processesOf(const config::Settings &settings)
{
    int count = 0;
    for (const config::ProcessSettings &process : settings.processes)
        count += process.enable ? process.num : 0;
    return count;
}

qsizetype addressesOf(const config::Settings &settings)
{
    qsizetype count = settings.server.listen.size();
    for (const config::SocketSettings &socket : settings.sockets)
        count += socket.enabled ? socket.listen.size() : 0;
    return count;
}

} // namespace

qint64 reservedDescriptors(const config::Settings &settings)
{
    const config::ServerSettings &server = settings.server;
    constexpr int ofMaster = 64; // logs, database, control clients, and a child that starts
    // Each has its epoll, its wake-up, and a socket for each address.
    const qint64 ofReactors = server.reactorNum * (2 + qint64(addressesOf(settings)));
    constexpr int others = 2; // the timer, and the child that runs hooks
    const qint64 children = std::max(server.workerNum, server.workerMaxNum) +
                            std::max(server.taskWorkerNum, server.taskWorkerMaxNum) + processesOf(settings) + others;
    // A channel to each reactor, to the main thread and to the broker, its page, what it prints, and its end. Two
    // generations live side by side during a reload.
    const qint64 ofChildren = 2 * children * (server.reactorNum + 5);
    const qint64 ofRefused = server.reactorNum * dispatch::Reactor::MaxRefused;
    constexpr int streams = 64; // and listening sockets
    const qint64 ofApi = server.adminEnable ? server.adminMaxConnections + streams : 0;
    return ofMaster + ofReactors + ofChildren + ofRefused + ofApi;
}

qint64 wantedDescriptors(const config::Settings &settings)
{
    const int maxConn = settings.server.maxConn;
    return reservedDescriptors(settings) + maxConn + (maxConn - 1) / 3;
}

int possibleConnections(const config::Settings &settings, qint64 openFiles)
{
    const qint64 left = openFiles - reservedDescriptors(settings);
    return int(std::clamp<qint64>(left - left / 4, 1, settings.server.maxConn));
}

} // namespace Quern::app
