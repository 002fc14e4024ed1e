#include "app/server/addresscheck.h"
#include "app/server/callcommand.h"
#include "app/server/clientcommands.h"
#include "app/server/commandline.h"
#include "app/server/configcommand.h"
#include "app/server/consolecommand.h"
#include "app/server/croncommand.h"
#include "app/server/doctorcommand.h"
#include "app/server/infocommand.h"
#include "app/server/initcommand.h"
#include "app/server/logscommand.h"
#include "app/server/plugincommand.h"
#include "app/server/scalecommand.h"
#include "app/server/settingscheck.h"
#include "app/server/settingssource.h"
#include "app/server/socketactivation.h"
#include "app/server/startcommand.h"
#include "app/server/tablememory.h"
#include "app/server/taskscommand.h"
#include "app/server/terminal.h"
#include "app/server/tlssettings.h"
#include "base/processtitle.h"

#include <QCoreApplication>
#include <QFile>

#include <fcntl.h>
#include <unistd.h>

using namespace Quern;

namespace {

/// Exit codes: 0 done, 1 failed, 2 not understood.
constexpr int failed = 1;
constexpr int notUnderstood = 2;

/// Whoever starts us may have closed them: what is opened next must not be taken for one of them.
void openStandardDescriptors()
{
    int fd = 0;
    while (fd <= STDERR_FILENO && fd >= 0)
        fd = ::open("/dev/null", O_RDWR);
    if (fd > STDERR_FILENO)
        ::close(fd);
}

QStringList argumentList(int argc, char **argv)
{
    QStringList arguments;
    for (int i = 1; i < argc; ++i)
        arguments.append(QFile::decodeName(argv[i]));
    return arguments;
}

/// Before anything else is opened.
Result<std::shared_ptr<net::InheritedSockets>> inheritedSockets(const app::RestartHandover &handover)
{
    using Owner = net::InheritedSockets::Owner;
    Result<net::InheritedSockets> lent = app::takeActivationSockets();
    if (!lent)
        return lent.error();
    auto sockets = std::make_shared<net::InheritedSockets>(std::move(*lent));
    for (const auto &[descriptors, owner] :
         {std::pair(handover.sockets, Owner::Server), {handover.lent, Owner::Manager}}) {
        for (const int fd : descriptors) {
            if (const Result<void> added = sockets->add(base::FileDescriptor(fd), owner); !added)
                return added.error();
        }
    }
    return sockets;
}

int start(const app::CommandLine &line, int argc, char **argv)
{
    const app::RestartHandover handover = app::RestartHandover::take();
    const app::ServiceRequest service = app::ServiceRequest::take();
    const auto refuse = [&handover, &service](const Error &error) {
        handover.complain(error.message());
        // Else the server before this one goes on.
        if (!handover.isSuccessor())
            service.complain(error.message());
        return failed;
    };
    const Result<std::shared_ptr<net::InheritedSockets>> sockets = inheritedSockets(handover);
    if (!sockets)
        return refuse(sockets.error());
    // What a restart begins with: later the arguments make place for the process title, and the file may be another.
    const QByteArray program = QFile::encodeName(QFile::symLinkTarget(QStringLiteral("/proc/self/exe")));
    const QByteArrayList arguments(argv, argv + argc);
    // A reload reads the file that the start has read: that it is gone by then must not mean the defaults.
    app::CommandLine chosen = line;
    chosen.configFile = app::settingsFile(line);
    const auto load = [&chosen] { return app::loadSettings(chosen, config::Purpose::StartServer); };
    const Result<config::Settings> settings = load();
    if (!settings)
        return refuse(settings.error());
    // Else one that is not wanted any more could be in the way of a new address.
    const QStringList strangers = (*sockets)->keepOnly(app::placesOf(*settings));
    if (!strangers.isEmpty() && handover.operation == 0) {
        return refuse(
            Error(Error::Invalid, QStringLiteral("%1: nothing is served there, but a service manager has bound "
                                                 "it; name it in listen, or take it from the .socket unit")
                                      .arg(strangers.join(QStringLiteral(", ")))));
    }
    const quint64 leavingMemory = app::tableMemoryOf(handover);
    if (line.command == app::CommandLine::Command::Restart && handover.operation == 0) {
        const app::ClientCommands commands(*settings);
        const Result<bool> running = commands.isRunning();
        if (!running) {
            app::terminal::complain(running.error().message());
            return failed;
        }
        if (*running) {
            const QCoreApplication application(argc, argv);
            return commands.restart({line.environment, line.versionLabel});
        }
    }
    Result<void> right = app::checkSettings(*settings, leavingMemory);
    if (right)
        right = app::checkCertificates(*settings);
    if (!right)
        return refuse(right.error());
    const bool daemonize = line.daemonize || settings->server.daemonize;
    // Before anything is made for the server, so that nothing is left; but a log that there is gets the reason, too.
    if (!daemonize && settings->server.logFile.isEmpty()) {
        if (const Result<void> free = app::checkAddresses(*settings, **sockets); !free)
            return refuse(free.error());
    }
    app::StartOptions options{daemonize, line.ignoreLock, load};
    options.candidateSource = [&chosen](const QByteArray &text) { return app::candidateSettings(chosen, text); };
    options.handover = handover;
    options.sockets = *sockets;
    options.environment = line.environment;
    options.versionLabel = line.versionLabel;
    options.service = service;
    options.program = program;
    options.arguments = arguments;
    return app::runServer(*settings, options, argc, argv);
}

/// The commands that talk to a running server. A mistake in the file must not keep anybody from stopping it.
int callServer(const app::CommandLine &line)
{
    const Result<config::Settings> settings = app::loadSettings(line, config::Purpose::FindServer);
    if (!settings) {
        app::terminal::complain(settings.error().message());
        return failed;
    }
    const app::ClientCommands commands(*settings);
    switch (line.command) {
    case app::CommandLine::Command::Stop:
        return commands.stop();
    case app::CommandLine::Command::Reload:
        return commands.reload(line.taskWorkers);
    default:
        return commands.status(line.json);
    }
}

/// A command that looks at its arguments before it looks for the server.
template <typename ServerCommand>
int runServerCommand(const app::CommandLine &line)
{
    const Result<ServerCommand> command = ServerCommand::parse(line);
    if (!command) {
        app::terminal::complain(command.error().message());
        return notUnderstood;
    }
    const Result<config::Settings> settings = app::loadSettings(line, config::Purpose::FindServer);
    if (!settings) {
        app::terminal::complain(settings.error().message());
        return failed;
    }
    return command->run(*settings);
}

int help(const QString &topic)
{
    const Result<QString> text = app::CommandLine::help(topic);
    if (!text) {
        app::terminal::complain(text.error().message());
        return notUnderstood;
    }
    app::terminal::say(text->trimmed());
    return 0;
}

int version()
{
    app::terminal::say(QStringLiteral("quern " QUERN_VERSION ", Qt %1").arg(QLatin1StringView(qVersion())));
    return 0;
}

int run(const app::CommandLine &line, int argc, char **argv)
{
    using Command = app::CommandLine::Command;
    // Starting forks, and chooses an event dispatcher: the application object comes later there.
    if (line.isAlone)
        return app::openConsoleOrServe(line, argc, argv, [&] { return start(line, argc, argv); });
    if (line.command == Command::Admin)
        return app::openConsole(line, argc, argv);
    if (line.command == Command::Start || line.command == Command::Restart)
        return start(line, argc, argv);
    const QCoreApplication application(argc, argv);
    switch (line.command) {
    case Command::Help:
        return help(line.words.value(0));
    case Command::Version:
        return version();
    case Command::Init:
        return app::runInitCommand(line);
    case Command::Logs:
        return runServerCommand<app::LogsCommand>(line);
    case Command::Tasks:
        return runServerCommand<app::TasksCommand>(line);
    case Command::Cron:
        return runServerCommand<app::CronCommand>(line);
    case Command::Call:
        return runServerCommand<app::CallCommand>(line);
    case Command::Scale:
        return runServerCommand<app::ScaleCommand>(line);
    case Command::Plugin:
        return app::runPluginCommand(line);
    case Command::Info:
        return app::showInfo(app::loadSettings(line, config::Purpose::FindServer), line.json);
    case Command::Doctor:
        return app::runDoctor([&line](config::Purpose purpose) { return app::loadSettings(line, purpose); }, line.json);
    case Command::Config:
        return app::runConfigCommand(line, app::loadSettings(line, config::Purpose::StartServer));
    default:
        return callServer(line);
    }
}

} // namespace

int main(int argc, char **argv)
{
    openStandardDescriptors();
    base::initProcessTitle(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("quern"));
    QCoreApplication::setApplicationVersion(QStringLiteral(QUERN_VERSION));

    const Result<app::CommandLine> line = app::CommandLine::parse(argumentList(argc, argv));
    if (!line) {
        app::terminal::complain(line.error().message());
        return notUnderstood;
    }
    const int code = run(*line, argc, argv);
    return app::terminal::wroteAll() ? code : failed;
}
