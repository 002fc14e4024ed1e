#include "app/server/callcommand.h"

#include "admin/protocol/methods.h"
#include "app/server/crondesk.h"
#include "app/server/master.h"
#include "app/server/pidfile.h"
#include "app/server/terminal.h"
#include "base/filedescriptor.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace Quern::app {

namespace {

using Clock = std::chrono::steady_clock;

/// The server tells of what does not answer it, and has to be given the time for it.
constexpr std::chrono::milliseconds patience = 2 * CronDesk::patience;
/// A server that has stopped may take this long to leave.
constexpr std::chrono::milliseconds margin = std::chrono::seconds(10);

/// Invalid if it is not there, or the system cannot. The C library of some systems declares the call wrongly for C++.
base::FileDescriptor openProcess(qint64 pid)
{
    return base::FileDescriptor(int(::syscall(SYS_pidfd_open, pid_t(pid), 0)));
}

bool hasEnded(const base::FileDescriptor &process)
{
    pollfd watched = {process.get(), POLLIN, 0};
    return process.isValid() && ::poll(&watched, 1, 0) > 0;
}

/// Waits for the program that starts anew as \a process, and for what it says of the operation.
Result<admin::Operation> followAnew(const QString &path, const base::FileDescriptor &process, qint64 operation,
                                    Clock::time_point deadline)
{
    while (true) {
        ControlClient client;
        const bool isThere = client.connectTo(path).ok();
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0)
            return Error(Error::Timeout, QString());
        if (isThere) {
            Result<admin::Operation> ended = followOperation(client, {operation, left});
            // It may have been the one that leaves.
            if (ended || ended.error().code() != Error::Unavailable)
                return ended;
        }
        if (hasEnded(process))
            return Error(Error::Unavailable,
                         CallCommand::tr("the program has ended instead of starting anew; its log says why"));
    }
}

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
    const bool isLeaving =
        m_call.method == admin::Methods::serverStop || m_call.method == admin::Methods::serverRestart;
    const Result<admin::Operation> ended =
        isLeaving ? followLeaving(settings, client, reference) : followOperation(client, reference);
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

Result<admin::Operation> CallCommand::followLeaving(const config::Settings &settings, ControlClient &client,
                                                    const admin::OperationReference &reference) const
{
    const Clock::time_point deadline = Clock::now() + reference.patience;
    const QString pidPath = Master::pidPath(settings);
    const base::FileDescriptor process = openProcess(PidFile::holder(pidPath).valueOr(0));
    Result<admin::Operation> ended = followOperation(client, reference);
    const bool hasGone = !ended && ended.error().code() == Error::Unavailable;
    if (m_call.method == admin::Methods::serverRestart)
        return hasGone ? followAnew(Master::controlPath(settings), process, reference.operation, deadline) : ended;
    // Whether the end of the operation is heard or the socket closes first, the lock tells the truth.
    if (!hasGone && !ended)
        return ended;
    if (!PidFile::waitUntilFree(pidPath, margin))
        return Error(Error::Busy, tr("the server is still running"));
    admin::Operation stopped;
    stopped.state = admin::Operation::State::Succeeded;
    return stopped;
}

} // namespace Quern::app
