#include "app/server/clientcommands.h"
#include "app/server/commandline.h"
#include "app/server/initcommand.h"
#include "app/server/logscommand.h"
#include "app/server/plugincommand.h"
#include "app/server/startcommand.h"
#include "app/server/terminal.h"
#include "base/processtitle.h"
#include "config/loader.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>

using namespace Quern;

namespace {

/// Exit codes: 0 done, 1 failed, 2 not understood.
constexpr int failed = 1;
constexpr int notUnderstood = 2;

QStringList argumentList(int argc, char **argv)
{
    QStringList arguments;
    for (int i = 1; i < argc; ++i)
        arguments.append(QFile::decodeName(argv[i]));
    return arguments;
}

Result<config::Settings> loadSettings(const app::CommandLine &line, config::Purpose purpose)
{
    const QString usual = QStringLiteral("quern.toml");
    const config::LoadOptions options{purpose, line.environment};
    if (line.configFile.isEmpty() && !QFile::exists(usual))
        return config::loadDefaults(QDir::currentPath(), options);
    return config::load(line.configFile.isEmpty() ? usual : line.configFile, options);
}

int start(const app::CommandLine &line, int argc, char **argv)
{
    const auto load = [&line]() -> Result<config::Settings> {
        Result<config::Settings> loaded = loadSettings(line, config::Purpose::StartServer);
        if (loaded && !line.versionLabel.isEmpty())
            loaded->environment.append({QStringLiteral("X_VERSION"), line.versionLabel});
        return loaded;
    };
    const Result<config::Settings> settings = load();
    if (!settings) {
        app::terminal::complain(settings.error().message());
        return failed;
    }
    if (line.command == app::CommandLine::Command::Restart) {
        const QCoreApplication application(argc, argv);
        if (const int code = app::ClientCommands(*settings).stop(); code != 0)
            return code;
    }
    return app::runServer(*settings, {line.daemonize || settings->server.daemonize, line.ignoreLock, load}, argc, argv);
}

/// The commands that talk to a running server. A mistake in the file must not keep anybody from stopping it.
int callServer(const app::CommandLine &line)
{
    const Result<config::Settings> settings = loadSettings(line, config::Purpose::FindServer);
    if (!settings) {
        app::terminal::complain(settings.error().message());
        return failed;
    }
    const app::ClientCommands commands(*settings);
    switch (line.command) {
    case app::CommandLine::Command::Stop:
        return commands.stop();
    case app::CommandLine::Command::Reload:
        return commands.reload();
    default:
        return commands.status(line.json);
    }
}

int logs(const app::CommandLine &line)
{
    const Result<app::LogsCommand> command = app::LogsCommand::parse(line);
    if (!command) {
        app::terminal::complain(command.error().message());
        return notUnderstood;
    }
    const Result<config::Settings> settings = loadSettings(line, config::Purpose::FindServer);
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
        return logs(line);
    case Command::Plugin:
        return app::runPluginCommand(line);
    default:
        return callServer(line);
    }
}

} // namespace

int main(int argc, char **argv)
{
    base::initProcessTitle(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("quern"));
    QCoreApplication::setApplicationVersion(QStringLiteral(QUERN_VERSION));

    const Result<app::CommandLine> line = app::CommandLine::parse(argumentList(argc, argv));
    if (!line) {
        app::terminal::complain(line.error().message());
        return notUnderstood;
    }
    return run(*line, argc, argv);
}
