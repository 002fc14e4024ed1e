#include "app/server/callcommand.h"

#include "admin/protocol/methods.h"
#include "app/server/crondesk.h"
#include "app/server/followrestart.h"
#include "app/server/master.h"
#include "app/server/pidfile.h"
#include "app/server/terminal.h"

namespace Quern::app {

namespace {

/// The server tells of what does not answer it, and has to be given the time for it.
constexpr std::chrono::milliseconds patience = 2 * CronDesk::patience;
/// A server that has stopped may take this long to leave.
constexpr std::chrono::milliseconds margin = std::chrono::seconds(10);

} // namespace

Result<CallCommand> CallCommand::parse(const CommandLine &line)
{
    Result<MethodCall> call = MethodCall::parse(line.words);
    if (!call)
        return call.error();
    return CallCommand(std::move(*call));
}

int CallCommand::run(const config::Settings &settings) const
{
    ControlClient client;
    const Result<void> connected = connectToServer(settings, client);
    const Result<QJsonObject> answer =
        connected ? client.call(m_call.method, m_call.params, patience) : connected.error();
    const Result<admin::OperationReference> reference =
        answer && m_call.isLong ? admin::OperationReference::fromJson(*answer) : admin::OperationReference();
    if (!answer || !reference) {
        terminal::complain(answer ? reference.error().message() : answer.error().message());
        return 1;
    }
    if (m_call.isLong)
        return followToItsEnd(settings, client, *reference);
    terminal::sayJson(*answer);
    return 0;
}

int CallCommand::followToItsEnd(const config::Settings &settings, ControlClient &client,
                                const admin::OperationReference &reference) const
{
    const Result<admin::Operation> ended =
        m_call.method == admin::Methods::serverRestart ? followRestart(settings, client, reference)
        : m_call.method == admin::Methods::serverStop  ? followStop(settings, client, reference)
                                                       : followOperation(client, reference);
    if (!ended && ended.error().code() == Error::Timeout) {
        terminal::complain(
            tr("%1 is not over yet; quern call operation.read '{\"operation\": %2}' tells how it goes on")
                .arg(m_call.method, QString::number(reference.operation)));
        return 1;
    }
    if (!ended || ended->state == admin::Operation::State::Failed) {
        terminal::complain(tr("%1 failed: %2").arg(m_call.method, ended ? ended->error : ended.error().message()));
        return 1;
    }
    terminal::say(tr("%1 is done.").arg(m_call.method));
    return 0;
}

Result<admin::Operation> CallCommand::followStop(const config::Settings &settings, ControlClient &client,
                                                 const admin::OperationReference &reference) const
{
    const Result<admin::Operation> ended = followOperation(client, reference);
    // Whether the end of the operation is heard or the socket closes first, the lock tells the truth.
    if (!ended && ended.error().code() != Error::Unavailable)
        return ended;
    if (!PidFile::waitUntilFree(Master::pidPath(settings), margin))
        return Error(Error::Busy, tr("the server is still running"));
    admin::Operation stopped;
    stopped.state = admin::Operation::State::Succeeded;
    return stopped;
}

} // namespace Quern::app
