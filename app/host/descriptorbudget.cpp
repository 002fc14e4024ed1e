#include "app/host/descriptorbudget.h"

#include "dispatch/reactor.h"

#include <algorithm>

namespace Quern::app {

int customProcesses(const config::Settings &settings)
{
    int count = 0;
    for (const config::ProcessSettings &process : settings.processes)
        count += process.enable ? process.num : 0;
    return count;
}

qint64 reservedDescriptors(const config::ServerSettings &server, int processes)
{
    constexpr int ofMaster = 64; // listening sockets, epoll, timers, logs, control clients, and a child that starts
    constexpr int others = 2;    // the timer, and the child that runs hooks
    const qint64 children = std::max(server.workerNum, server.workerMaxNum) +
                            std::max(server.taskWorkerNum, server.taskWorkerMaxNum) + processes + others;
    // A channel to each reactor, to the main thread and to the broker, its page, what it prints, and its end. Two
    // generations live side by side during a reload.
    const qint64 ofChildren = 2 * children * (server.reactorNum + 5);
    const qint64 ofRefused = server.reactorNum * dispatch::Reactor::MaxRefused;
    constexpr int streams = 64; // and listening sockets
    const qint64 ofApi = server.adminEnable ? server.adminMaxConnections + streams : 0;
    return ofMaster + ofChildren + ofRefused + ofApi;
}

qint64 wantedDescriptors(const config::ServerSettings &server, int processes)
{
    return reservedDescriptors(server, processes) + server.maxConn + (server.maxConn - 1) / 3;
}

int possibleConnections(const config::ServerSettings &server, int processes, qint64 openFiles)
{
    const qint64 left = openFiles - reservedDescriptors(server, processes);
    return int(std::clamp<qint64>(left - left / 4, 1, server.maxConn));
}

} // namespace Quern::app
