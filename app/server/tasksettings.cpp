#include "app/server/tasksettings.h"

#include "app/host/taskplace.h"
#include "app/server/processsettings.h"
#include "app/server/settingscheck.h"
#include "tasks/sqlite/taskdatabase.h"

#include <QFileInfo>
#include <QSqlQuery>
#include <QVariant>

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
    const std::chrono::milliseconds hookEnd = settings.server.hookTimeout + std::chrono::seconds(1);
    return {.taskMaxRequest = quint64(settings.server.taskMaxRequest),
            .standstillLimit = std::max<std::chrono::milliseconds>(tasks::TaskLane::GivenUpAfter, hookEnd),
            .plan = processPlan(settings)};
}

QString LeftTasks::text() const
{
    QStringList found;
    if (waiting > 0)
        found += waiting == 1 ? QStringLiteral("1 task") : QStringLiteral("%1 tasks").arg(waiting);
    if (dead > 0)
        found += dead == 1 ? QStringLiteral("1 dead letter") : QStringLiteral("%1 dead letters").arg(dead);
    return QStringLiteral("%1 %2 in %3, which driver = \"memory\" does not use")
        .arg(found.join(u" and "), waiting + dead == 1 ? u"lies" : u"lie", path);
}

Result<LeftTasks> leftTasks(const config::Settings &settings)
{
    LeftTasks left{.path = taskDatabasePath(settings.server)};
    if (settings.server.taskDriver != config::TaskDriver::Memory || !QFileInfo(left.path).isFile())
        return left;
    const auto database = tasks::TaskDatabase::open(left.path);
    if (!database)
        return database.error();
    const Result<QVariant> waiting = (*database)->value(QStringLiteral("SELECT count(*) FROM task"));
    const Result<QVariant> dead = (*database)->value(QStringLiteral("SELECT count(*) FROM dead"));
    if (!waiting || !dead)
        return waiting ? dead.error() : waiting.error();
    left.waiting = waiting->toLongLong();
    left.dead = dead->toLongLong();
    Result<QSqlQuery> names = (*database)->prepare(QStringLiteral(
        "SELECT spill FROM task WHERE spill IS NOT NULL UNION ALL SELECT spill FROM dead WHERE spill IS NOT NULL"));
    if (!names)
        return names.error();
    if (const Result<void> found = (*database)->run(*names); !found)
        return found.error();
    while (names->next())
        left.spillFiles.insert(names->value(0).toString().toLatin1());
    return left;
}

Result<void> tryTaskDatabase(const config::Settings &settings, bool isServerRunning)
{
    const QString path = taskDatabasePath(settings.server);
    if (!usesTaskDatabase(settings.server) || !QFileInfo(path).isFile())
        return {};
    const auto opened = tasks::TaskDatabase::open(path);
    if (opened || (isServerRunning && opened.error().code() == Error::Busy))
        return {};
    return errorAtPath(settings, QStringLiteral("tasks.database"), opened.error());
}

} // namespace Quern::app
