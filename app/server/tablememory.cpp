#include "app/server/tablememory.h"

#include "admin/protocol/methods.h"
#include "admin/protocol/status.h"
#include "app/server/serverconnection.h"

#include <sys/stat.h>

namespace Quern::app {

namespace {

Result<admin::Status> statusOfServer(const config::Settings &settings)
{
    ControlClient client;
    const Result<void> connected = connectToServer(settings, client);
    const Result<QJsonObject> answer = connected ? client.call(admin::Methods::serverStatus) : connected.error();
    return answer ? admin::Status::fromJson(*answer) : answer.error();
}

} // namespace

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

quint64 tableMemoryOf(const RestartHandover &handover)
{
    constexpr quint64 blockSize = 512; // stat(2)
    struct stat about = {};
    return handover.tables >= 0 && ::fstat(handover.tables, &about) == 0 ? quint64(about.st_blocks) * blockSize : 0;
}

} // namespace Quern::app
