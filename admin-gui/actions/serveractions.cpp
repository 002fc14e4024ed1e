#include "admin-gui/actions/serveractions.h"

#include "admin/protocol/logmessages.h"
#include "admin/protocol/methods.h"
#include "admin/protocol/servermessages.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>

namespace Quern::console::serveractions {

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::ServerActions)
};

/// "12 open connections, 3 requests in flight"
QString presentWork(const admin::Status *status)
{
    if (!status)
        return {};
    qint64 connections = 0;
    for (const admin::ReactorStatus &reactor : status->reactors)
        connections += reactor.connections;
    int requests = 0;
    for (const admin::WorkerStatus &worker : status->workers)
        requests += worker.inFlight;
    return Text::tr("Now: %1, %2.")
        .arg(Text::tr("%n open connection(s)", nullptr, int(connections)),
             Text::tr("%n request(s) in flight", nullptr, requests));
}

QString joined(const QString &text, const QString &more)
{
    return more.isEmpty() ? text : text + QStringLiteral("\n\n") + more;
}

} // namespace

ServerAction reload()
{
    return {.title = Text::tr("Reload"), .method = admin::Methods::serverReload, .isOperation = true};
}

ServerAction restart(const admin::Status *status)
{
    return {.title = Text::tr("Restart"),
            .method = admin::Methods::serverRestart,
            .warning =
                joined(Text::tr("A new server with the new settings and plugins gets ready beside this one and takes "
                                "over; this one finishes the requests in flight, and ends its live connections "
                                "after max_wait_time. A server in the foreground stops first, and who connects "
                                "meanwhile waits. If the new one cannot serve, this one goes on."),
                       presentWork(status)),
            .confirmText = Text::tr("Restart the server"),
            .isOperation = true};
}

ServerAction stop(const admin::Status *status)
{
    return {.title = Text::tr("Stop"),
            .method = admin::Methods::serverStop,
            .warning = joined(Text::tr("The server finishes the requests in flight, ends all connections and does not "
                                       "come back by itself. From another machine it cannot be started again."),
                              presentWork(status)),
            .confirmText = Text::tr("Stop the server"),
            .isOperation = true,
            .doneText = Text::tr("The server has stopped.")};
}

ServerAction scale(int workers, int taskWorkers)
{
    const admin::ScaleRequest request{workers, taskWorkers};
    return {.title = Text::tr("Scale"),
            .method = admin::Methods::serverScale,
            .calls = {request.toJson()},
            .isOperation = true};
}

ServerAction drain(bool on, const admin::Status *status)
{
    const admin::DrainRequest request{on};
    ServerAction action{.title = on ? Text::tr("Drain") : Text::tr("End the drain"),
                        .method = admin::Methods::serverDrain,
                        .calls = {request.toJson()},
                        .isOperation = true};
    if (on) {
        action.warning = joined(Text::tr("The server asks its clients to go elsewhere: readiness says no, and each "
                                         "HTTP connection is closed after its present answer. Whoever comes is served "
                                         "nevertheless."),
                                presentWork(status));
        action.confirmText = Text::tr("Drain");
    }
    return action;
}

ServerAction watch(bool on)
{
    return {.title = on ? Text::tr("Watch files") : Text::tr("Stop watching files"),
            .method = admin::Methods::serverWatch,
            .calls = {admin::WatchRequest{on}.toJson()},
            .doneText = on ? Text::tr("The server reloads when its files change.")
                           : Text::tr("The server does not reload by itself.")};
}

/// With their pids: the next of the same name is not meant.
ServerAction recycle(const QList<admin::WorkerStatus> &processes)
{
    const int count = int(processes.size());
    ServerAction action{.title = count == 1 ? Text::tr("Recycle %1").arg(processes.constFirst().name)
                                            : Text::tr("Recycle %n process(es)", nullptr, count),
                        .method = admin::Methods::processRecycle,
                        .calls = {},
                        .doneText = Text::tr("It is replaced when it has finished what it has begun.")};
    for (const admin::WorkerStatus &process : processes)
        action.calls.append(admin::ProcessReference{process.name, process.pid}.toJson());
    return action;
}

ServerAction kill(const QList<admin::WorkerStatus> &processes)
{
    QStringList names;
    int requests = 0;
    ServerAction action{.method = admin::Methods::processKill,
                        .calls = {},
                        .confirmText = Text::tr("Kill"),
                        .doneText = Text::tr("It has been killed, and is replaced.")};
    for (const admin::WorkerStatus &process : processes) {
        names.append(process.name);
        requests += process.inFlight;
        action.calls.append(admin::ProcessReference{process.name, process.pid}.toJson());
    }
    action.title = names.size() == 1 ? Text::tr("Kill %1").arg(names.constFirst())
                                     : Text::tr("Kill %n process(es)", nullptr, int(names.size()));
    action.warning =
        Text::tr("These are killed at once, and replaced: %1.\n\nWhat their handlers do now is cut off: %2. "
                 "Safe requests are run again by others, the rest is answered 502.")
            .arg(names.join(QStringLiteral(", ")), Text::tr("%n request(s) in flight", nullptr, requests));
    return action;
}

ServerAction setLogLevels(const QString &levels)
{
    return {.title = Text::tr("Levels of the log"),
            .method = admin::Methods::logSetLevel,
            .calls = {admin::LogLevelChange{levels}.toJson()}};
}

} // namespace Quern::console::serveractions
