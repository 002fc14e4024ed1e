#include "app/server/serverconnection.h"

#include "app/server/master.h"
#include "app/server/pidfile.h"
#include "app/server/terminal.h"
#include "app/server/waitingline.h"

#include <QCoreApplication>

namespace Quern::app {

Result<void> connectToServer(const config::Settings &settings, ControlClient &client)
{
    const QString pidPath = Master::pidPath(settings);
    const Error notRunning(Error::Unavailable,
                           QCoreApplication::translate("Quern::app::ClientCommands",
                                                       "Quern is not running; start it with \"quern start\""));
    const Result<qint64> pid = PidFile::holder(pidPath);
    if (!pid)
        return pid.error();
    if (*pid == 0)
        return notRunning;
    const Result<void> connected = client.connectTo(Master::controlPath(settings));
    if (!connected && PidFile::waitUntilFree(pidPath, std::chrono::milliseconds(0)))
        return notRunning;
    return connected;
}

Result<admin::Operation> followOperation(ControlClient &client, const admin::OperationReference &operation)
{
    WaitingLine waiting;
    const auto showStep = [&waiting](const QString &text) {
        waiting.clear();
        terminal::say(QStringLiteral("  ") + text);
    };
    return client.follow(operation, showStep, [&waiting] { waiting.tick(); });
}

} // namespace Quern::app
