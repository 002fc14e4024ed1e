#include "app/server/clientcommands.h"

#include "admin/protocol/methods.h"
#include "admin/protocol/servermessages.h"
#include "admin/protocol/status.h"
#include "app/server/followrestart.h"
#include "app/server/master.h"
#include "app/server/pidfile.h"
#include "app/server/serverconnection.h"
#include "app/server/terminal.h"

namespace Quern::app {

namespace {

/// A server that has stopped may take this long to leave.
constexpr std::chrono::milliseconds margin = std::chrono::seconds(10);

} // namespace

ClientCommands::ClientCommands(const config::Settings &settings) : m_settings(settings) {}

int ClientCommands::stop() const
{
    const QString pidPath = Master::pidPath(m_settings);
    const Result<qint64> holder = PidFile::holder(pidPath);
    if (!holder) {
        terminal::complain(holder.error().message());
        return 1;
    }
    const qint64 pid = *holder;
    if (pid == 0) {
        terminal::say(tr("Quern was not running."));
        return 0;
    }
    ControlClient client;
    Result<void> connected = client.connectTo(Master::controlPath(m_settings));
    Result<QJsonObject> begun = connected ? client.call(admin::Methods::serverStop) : connected.error();
    // It may have been on its way out already.
    if (!begun && !PidFile::waitUntilFree(pidPath, std::chrono::milliseconds(0))) {
        terminal::complain(tr("cannot stop the server with pid %1: %2").arg(pid).arg(begun.error().message()));
        return 1;
    }
    // Whether the end of the operation is heard or the socket closes first, the lock tells the truth.
    const Result<admin::OperationReference> operation =
        begun ? admin::OperationReference::fromJson(*begun) : begun.error();
    if (operation)
        (void)followOperation(client, *operation);
    if (!PidFile::waitUntilFree(pidPath, margin)) {
        terminal::complain(tr("the server with pid %1 is still running").arg(pid));
        return 1;
    }
    terminal::say(tr("Quern (pid %1) has stopped.").arg(pid));
    return 0;
}

int ClientCommands::reload(bool taskWorkersOnly) const
{
    const Result<void> reloaded =
        leadServer(m_settings, admin::Methods::serverReload, admin::ReloadRequest{taskWorkersOnly}.toJson());
    if (!reloaded && reloaded.error().code() == Error::Timeout)
        terminal::complain(tr("the reload is not over yet; \"quern status\" and \"quern logs\" tell how it goes on"));
    else if (!reloaded)
        terminal::complain(tr("reload failed: %1").arg(reloaded.error().message()));
    else
        terminal::say(taskWorkersOnly ? tr("The task workers have been reloaded.") : tr("Quern has been reloaded."));
    return reloaded ? 0 : 1;
}

Result<bool> ClientCommands::isRunning() const
{
    const Result<qint64> holder = PidFile::holder(Master::pidPath(m_settings));
    return holder ? Result<bool>(*holder != 0) : holder.error();
}

int ClientCommands::restart(const admin::RestartRequest &request) const
{
    ControlClient client;
    const Result<void> connected = connectToServer(m_settings, client);
    const Result<QJsonObject> begun =
        connected ? client.call(admin::Methods::serverRestart, request.toJson()) : connected.error();
    const Result<admin::OperationReference> reference =
        begun ? admin::OperationReference::fromJson(*begun) : begun.error();
    const Result<admin::Operation> ended =
        reference ? followRestart(m_settings, client, *reference) : Result<admin::Operation>(reference.error());
    if (reference && !ended && ended.error().code() == Error::Timeout) {
        terminal::complain(tr("the restart is not over yet; \"quern status\" and \"quern logs\" tell how it goes on"));
        return 1;
    }
    if (!ended || ended->state == admin::Operation::State::Failed) {
        terminal::complain(tr("restart failed: %1").arg(ended ? ended->error : ended.error().message()));
        return 1;
    }
    terminal::say(tr("Quern has been restarted: pid %1.").arg(PidFile::holder(Master::pidPath(m_settings)).valueOr(0)));
    return 0;
}

int ClientCommands::status(bool json) const
{
    ControlClient client;
    const Result<void> connected = connectToServer(m_settings, client);
    const Result<QJsonObject> answer = connected ? client.call(admin::Methods::serverStatus) : connected.error();
    const Result<admin::Status> status = answer ? admin::Status::fromJson(*answer) : answer.error();
    if (!status) {
        terminal::complain(status.error().message());
        return 1;
    }
    if (json)
        terminal::sayJson(*answer);
    else
        terminal::say(terminal::statusText(*status));
    return 0;
}

} // namespace Quern::app
