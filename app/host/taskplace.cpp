#include "app/host/taskplace.h"

namespace Quern::app {

QString taskDatabasePath(const config::ServerSettings &server)
{
    return server.taskDatabase.isEmpty() ? server.runtimeDir + QStringLiteral("/tasks.db") : server.taskDatabase;
}

bool usesTaskDatabase(const config::ServerSettings &server)
{
    return server.taskWorkerNum > 0 && server.taskDriver != config::TaskDriver::Memory;
}

} // namespace Quern::app
