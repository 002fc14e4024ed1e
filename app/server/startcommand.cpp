#include "app/server/startcommand.h"

#include "app/host/runtimedirectory.h"
#include "app/server/daemon.h"
#include "app/server/log.h"
#include "app/server/logtarget.h"
#include "app/server/master.h"
#include "app/server/settingscheck.h"
#include "app/server/terminal.h"
#include "app/server/waitingline.h"
#include "base/log.h"
#include "base/processtitle.h"
#include "base/systemerror.h"
#include "loop/epolleventdispatcher.h"

#include <QCoreApplication>
#include <QFile>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace Quern::app {

namespace {

/// What a start takes besides the loading of plugins, at the very most.
constexpr std::chrono::milliseconds startMargin = std::chrono::seconds(30);

/// Every connection is a descriptor: the usual soft limit of 1024 is for programs that use select().
void raiseDescriptorLimit()
{
    rlimit limit = {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/// What the server makes, nobody else may write to, whoever has started it.
void closeToOthers()
{
    constexpr mode_t write = S_IWGRP | S_IWOTH;
    const mode_t present = ::umask(write);
    ::umask(present | write);
}

/// Becomes the program anew: the server has stopped, and nothing of it is left. Returns if that is impossible.
int startAnew(const StartOptions &options, const RestartHandover &handover)
{
    // It stays this process: it goes on with its descriptors.
    const QList<int> inherited = handover.descriptors();
    for (const int fd : inherited)
        ::fcntl(fd, F_SETFD, 0);
    QByteArrayList variables = options.service.environment();
    variables.append(handover.environment());
    for (QByteArray &variable : variables)
        ::putenv(variable.data());
    std::vector<char *> arguments;
    QByteArrayList texts = options.arguments;
    for (QByteArray &text : texts)
        arguments.push_back(text.data());
    arguments.push_back(nullptr);
    ::execv(options.program.constData(), arguments.data());
    const Error error =
        base::systemError(QStringLiteral("cannot start %1 anew").arg(QFile::decodeName(options.program)));
    handover.discard();
    if (base::logsToFile())
        qCCritical(logMaster).noquote() << error.message();
    terminal::complain(error.message());
    return 1;
}

/// What the master does, the service manager hears.
void follow(Master &master, ServiceNotifier &service)
{
    QObject::connect(&master, &Master::ready, &service, [&master, &service] {
        for (int i = 0; i < master.reactors().size(); ++i)
            service.watch(master.reactors().inThread(i));
        service.ready(master.status().sentence);
    });
    QObject::connect(&master, &Master::reloadBegun, &service, &ServiceNotifier::reloading);
    QObject::connect(&master, &Master::reloadSettled, &service,
                     [&master, &service] { service.ready(master.status().sentence); });
    QObject::connect(&master, &Master::gaveWay, &service, &ServiceNotifier::handedOver);
    QObject::connect(&master, &Master::stopBegun, &service, &ServiceNotifier::stopping);
}

int runMaster(const config::Settings &settings, const StartOptions &options, Daemon &daemon, RestartHandover &next)
{
    // Before the master: it outlives the threads of that.
    ServiceNotifier service(options.service);
    const auto fail = [&daemon, &options](const QString &reason) {
        // Else the server before this one goes on.
        if (!options.handover.isSuccessor())
            options.service.complain(reason);
        if (base::logsToFile())
            qCCritical(logMaster).noquote() << "cannot start:" << reason;
        if (options.daemonize && options.handover.operation == 0)
            daemon.reportFailure(reason.toLocal8Bit());
        else
            options.handover.complain(reason);
        return 1;
    };
    if (const Result<void> prepared = prepareRuntimeDirectory(settings.server.runtimeDir); !prepared)
        return fail(prepared.error().message());
    // Once more, now that it is there, and the folders above it, and before root writes anything.
    if (const Result<void> checked = checkChildren(settings); !checked)
        return fail(checked.error().message());
    if (const Result<void> logging = startLogFor(settings, options.daemonize); !logging)
        return fail(logging.error().message());
    if (!options.handover.isSuccessor())
        service.starting(settings.server.workerStartTimeout + startMargin);
    Master master(settings, options);
    // Before the command of a daemon ends, which the manager has taken for the service until then.
    follow(master, service);
    QString failure;
    QObject::connect(&master, &Master::ready, &master, [&daemon] { daemon.reportReady(); });
    QObject::connect(&master, &Master::failed, &master, [&failure](const QString &reason) {
        failure = reason;
        QCoreApplication::exit(1);
    });
    QObject::connect(&master, &Master::finished, &master, [] { QCoreApplication::exit(0); });
    const auto failStart = [&](const QString &reason) {
        master.operations().finish(options.handover.operation, reason);
        return fail(reason);
    };
    if (const Result<void> begun = master.start(); !begun)
        return failStart(begun.error().message());
    const int code = QCoreApplication::exec();
    next = master.handover();
    next.logFile = logFileOf(settings, options.daemonize);
    next.isJson = settings.server.logFormat == config::LogFormat::Json;
    return failure.isEmpty() ? code : failStart(failure);
}

} // namespace

int runServer(const config::Settings &settings, const StartOptions &options, int &argc, char **argv)
{
    Daemon daemon;
    // A daemon that starts anew is one already.
    if (options.daemonize && options.handover.operation == 0) {
        const Result<Daemon::Side> side = daemon.split();
        if (!side) {
            terminal::complain(side.error().message());
            return 1;
        }
        if (*side == Daemon::Side::Command) {
            WaitingLine waiting;
            const QByteArray problem =
                daemon.waitForOutcome(settings.server.workerStartTimeout + startMargin, [&waiting] { waiting.tick(); });
            waiting.clear();
            if (!problem.isEmpty()) {
                terminal::complain(QString::fromLocal8Bit(problem));
                return 1;
            }
            terminal::say(QStringLiteral("Quern is running with pid %1.").arg(daemon.serverPid()));
            return 0;
        }
    }
    ::signal(SIGPIPE, SIG_IGN);
    closeToOthers();
    raiseDescriptorLimit();
    base::setProcessTitle("quern: master");
    QCoreApplication::setEventDispatcher(new loop::EpollEventDispatcher);
    int code = 0;
    RestartHandover next;
    {
        const QCoreApplication application(argc, argv);
        code = runMaster(settings, options, daemon, next);
    }
    return code == 0 && next.operation != 0 ? startAnew(options, next) : code;
}

} // namespace Quern::app
