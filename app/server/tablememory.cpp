#include "app/server/restartcheck.h"

#include "admin/protocol/methods.h"
#include "admin/protocol/status.h"
#include "app/server/addresscheck.h"
#include "app/server/master.h"
#include "app/server/pidfile.h"
#include "app/server/plugininspector.h"
#include "app/server/portplan.h"
#include "app/server/serverconnection.h"
#include "app/server/settingscheck.h"
#include "app/server/tasksettings.h"

namespace Quern::app {

namespace {

Result<admin::Status> statusOfServer(const config::Settings &settings)
{
    ControlClient client;
    const Result<void> connected = connectToServer(settings, client);
    const Result<QJsonObject> answer = connected ? client.call(admin::Methods::serverStatus) : connected.error();
    return answer ? admin::Status::fromJson(*answer) : answer.error();
}

/// A server that runs by a file is not to be replaced by one that runs by the defaults, because its file has gone.
Result<void> checkFile(const config::Settings &settings)
{
    const Result<admin::Status> status = statusOfServer(settings);
    if (!status || status->configFile.isEmpty() || !settings.filePath.isEmpty())
        return {};
    return Error(Error::NotFound,
                 QStringLiteral("the server runs by %1, which is not there; put it back, or stop the server first")
                     .arg(status->configFile));
}

} // namespace

Result<void> checkRestart(const config::Settings &settings)
{
    const Result<qint64> running = PidFile::holder(Master::pidPath(settings));
    if (!running)
        return running.error();
    if (*running == 0)
        return {};
    if (const Result<void> same = checkFile(settings); !same)
        return same;
    if (const Result<void> free = checkAddresses(settings, *running); !free)
        return free;
    if (const Result<void> database = tryTaskDatabase(settings, true); !database)
        return database;
    const Result<QList<ipc::BootMessage::Plugin>> files = pluginFiles(settings);
    const Result<ipc::HelloMessage> manifest =
        files ? inspectPlugins(*files, settings, bootPorts(settings)) : files.error();
    return manifest ? Result<void>() : manifest.error();
}

quint64 tableMemoryOfServer(const config::Settings &settings)
{
    if (settings.tables.isEmpty())
        return 0;
    const Result<admin::Status> status = statusOfServer(settings);
    quint64 bytes = 0;
    for (const admin::TableStatus &table : status ? status->tables : QList<admin::TableStatus>())
        bytes += quint64(table.memory);
    return bytes;
}

} // namespace Quern::app
