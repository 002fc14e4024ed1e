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

Result<void> leadServer(const config::Settings &settings, QLatin1StringView method, const QJsonObject &params)
{
    ControlClient client;
    if (const Result<void> connected = connectToServer(settings, client); !connected)
        return connected;
    const Result<QJsonObject> begun = client.call(method, params);
    const Result<admin::OperationReference> reference =
        begun ? admin::OperationReference::fromJson(*begun) : begun.error();
    const Result<admin::Operation> ended = reference ? followOperation(client, *reference) : reference.error();
    if (!reference && reference.error().code() == Error::Timeout)
        return Error(Error::Unavailable, reference.error().message()); // it has not even begun
    if (!ended)
        return ended.error();
    if (ended->state == admin::Operation::State::Failed)
        return Error(Error::Internal, ended->error);
    return {};
}

} // namespace Quern::app
