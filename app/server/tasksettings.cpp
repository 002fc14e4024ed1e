#include "app/server/tasksettings.h"

#include "app/host/childidentity.h"
#include "app/host/taskplace.h"
#include "app/server/processsettings.h"
#include "app/server/settingscheck.h"

#include <QFileInfo>

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
    const QString folder = taskSpillFolder(settings);
    defaults.spillFolder = seenByChild(server, folder).value_or(folder);
    defaults.allDurable = server.taskDriver == config::TaskDriver::Sqlite;
    return defaults;
}

tasks::BrokerSettings brokerSettings(const config::Settings &settings)
{
    const std::chrono::milliseconds hookEnd = settings.server.hookTimeout + std::chrono::seconds(1);
    return {.taskMaxRequest = quint64(settings.server.taskMaxRequest),
            .taskMaxRequestGrace = quint64(settings.server.taskMaxRequestGrace),
            .standstillLimit = std::max<std::chrono::milliseconds>(tasks::TaskLane::GivenUpAfter, hookEnd),
            .plan = processPlan(settings)};
}

QString LeftTasks::text() const
{
    const qsizetype tasks = contents.tasks;
    const qsizetype dead = contents.dead;
    QStringList found;
    if (tasks > 0)
        found += tasks == 1 ? QStringLiteral("1 task") : QStringLiteral("%1 tasks").arg(tasks);
    if (dead > 0)
        found += dead == 1 ? QStringLiteral("1 dead letter") : QStringLiteral("%1 dead letters").arg(dead);
    return QStringLiteral("%1 %2 in %3, which driver = \"memory\" does not use")
        .arg(found.join(u" and "), tasks + dead == 1 ? u"lies" : u"lie", path);
}

Result<LeftTasks> leftTasks(const config::Settings &settings)
{
    const QString path = taskDatabasePath(settings.server);
    if (settings.server.taskDriver != config::TaskDriver::Memory || !QFileInfo(path).isFile())
        return LeftTasks{path};
    const auto database = tasks::TaskDatabase::open(path);
    if (!database)
        return database.error();
    const Result<tasks::DatabaseContents> contents = (*database)->contents();
    return contents ? Result<LeftTasks>(LeftTasks{path, *contents}) : contents.error();
}

Result<void> tryTaskDatabase(const config::Settings &settings, bool isServerRunning, std::chrono::milliseconds patience)
{
    const QString path = taskDatabasePath(settings.server);
    if (!usesTaskDatabase(settings.server) || !QFileInfo(path).isFile() || tasks::TaskDatabase::isOpenHere(path))
        return {};
    const auto opened = tasks::TaskDatabase::open(path, patience);
    if (opened || (isServerRunning && opened.error().code() == Error::Busy))
        return {};
    return errorAtPath(settings, QStringLiteral("tasks.database"), opened.error());
}

} // namespace Quern::app
