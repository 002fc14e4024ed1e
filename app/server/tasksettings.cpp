#include "app/server/tasksettings.h"

#include "app/host/taskplace.h"
#include "app/server/processsettings.h"

namespace Quern::app {

QString taskSpillFolder(const config::Settings &settings)
{
    return taskDatabasePath(settings.server) + QStringLiteral("-payloads");
}

ipc::TaskDefaults taskDefaults(const config::Settings &settings)
{
    const config::ServerSettings &server = settings.server;
    ipc::TaskDefaults defaults;
    defaults.taskWorkers = server.taskWorkerNum;
    defaults.tries = server.taskTries;
    defaults.timeout = server.taskTimeout;
    defaults.retryDelay = server.taskRetryDelay;
    defaults.retryDelayMax = server.taskRetryDelayMax;
    defaults.spillSize = server.taskSpillSize;
    defaults.spillFolder = taskSpillFolder(settings);
    defaults.allDurable = server.taskDriver == config::TaskDriver::Sqlite;
    return defaults;
}

tasks::BrokerSettings brokerSettings(const config::Settings &settings)
{
    return {.taskMaxRequest = quint64(settings.server.taskMaxRequest), .plan = processPlan(settings)};
}

} // namespace Quern::app
