#include "app/server/workersettings.h"

#include "app/host/childidentity.h"
#include "app/server/cronplan.h"
#include "app/server/installation.h"
#include "app/server/portplan.h"
#include "app/server/processsettings.h"
#include "app/server/tasksettings.h"

namespace Quern::app {

process::SupervisorSettings workerSettings(const config::Settings &settings,
                                           const QList<ipc::BootMessage::Plugin> &plugins, int connectionsFd,
                                           int tablesFd, const ipc::Confinement &confinement)
{
    const config::ServerSettings &server = settings.server;
    process::SupervisorSettings result;
    result.workerNum = server.workerNum;
    result.taskWorkerNum = server.taskWorkerNum;
    result.most = {server.workerMaxNum, server.taskWorkerMaxNum};
    result.reactorCount = server.reactorNum;
    result.tasks = taskDefaults(settings);
    result.plan = processPlan(settings);
    result.processes = processPools(settings);
    result.cron = cronEntries(settings);
    result.workerProgram = installation::workerProgram();
    result.generationsDirectory = server.runtimeDir + QStringLiteral("/generations");
    result.maxWaitTime = server.maxWaitTime;
    result.longestRequest = server.maxRequestExecutionTime;
    result.answers.debug = server.debug;
    result.answers.compression = server.httpCompression;
    result.answers.compressionLevel = server.httpCompressionLevel;
    result.answers.compressionMinLength = server.httpCompressionMinLength;
    result.answers.compressionTypes = server.httpCompressionTypes;
    result.startTimeout = server.workerStartTimeout;
    result.hookTimeout = server.hookTimeout;
    result.environment = accountEnvironment(server);
    for (const auto &[name, value] : settings.environment)
        result.environment.insert(name, value);
    result.confinement = confinement;
    result.plugins = plugins;
    result.ports = bootPorts(settings);
    result.connectionsFd = connectionsFd;
    result.tablesFd = tablesFd;
    return result;
}

} // namespace Quern::app
