#include "app/server/processsettings.h"

namespace Quern::app {

namespace {

constexpr std::chrono::milliseconds longestRestart = std::chrono::minutes(1);
/// However it has ended: no process is started again and again in a tight loop.
constexpr std::chrono::milliseconds shortestRestart{100};

static_assert(int(config::PipeMode::Datagram) == int(ipc::PipeKind::Datagram) &&
              int(config::PipeMode::Stream) == int(ipc::PipeKind::Stream));
static_assert(int(config::QueueSharing::Shared) == int(ipc::QueueMode::Shared) &&
              int(config::QueueSharing::Addressed) == int(ipc::QueueMode::Addressed));

} // namespace

ipc::ProcessPlan processPlan(const config::Settings &settings)
{
    ipc::ProcessPlan plan;
    plan.workers = settings.server.workerNum;
    plan.taskWorkers = settings.server.taskWorkerNum;
    plan.hasTimer = true; // as far as the master knows: the plugins may have cron jobs
    for (qsizetype i = 0; i < settings.processes.size(); ++i) {
        const config::ProcessSettings &process = settings.processes.at(i);
        if (!process.enable)
            continue;
        ipc::ProcessEntry entry;
        entry.name = process.name;
        entry.handler = process.handler;
        entry.num = process.num;
        entry.pipe = ipc::PipeKind(process.pipe);
        entry.pipeBuffer = qint64(process.pipeBuffer);
        entry.queue = ipc::QueueMode(process.queue.mode);
        entry.queueCapacity = process.queue.capacity;
        entry.queueMemory = qint64(process.queue.memory);
        entry.parameters = process.parameters;
        entry.place = settings.origins.value(QStringLiteral("process[%1].handler").arg(i)).section(u',', 0, 0);
        plan.processes.append(entry);
    }
    return plan;
}

QList<process::ProcessPool> processPools(const config::Settings &settings)
{
    QList<process::ProcessPool> pools;
    for (const config::ProcessSettings &process : settings.processes) {
        if (!process.enable)
            continue;
        process::ProcessPool pool;
        pool.name = process.name;
        pool.num = process.num;
        pool.redirect = process.redirect;
        pool.restarts.healthyAfter = process.startSeconds;
        pool.restarts.interval = process.restartInterval;
        pool.restarts.maxDelay = longestRestart;
        pool.restarts.leastDelay = shortestRestart;
        // The first start is no retry.
        pool.restarts.maxEarlyDeaths = process.startRetries + 1;
        pool.restarts.givesUp = true;
        pools.append(pool);
    }
    return pools;
}

} // namespace Quern::app
