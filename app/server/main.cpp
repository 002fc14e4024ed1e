#include "app/server/clientcommands.h"
#include "app/server/commandline.h"
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

Result<config::Settings> loadSettings(const QString &given, config::Purpose purpose)
{
    if (!given.isEmpty())
        return config::load(given, purpose);
    const QString usual = QStringLiteral("quern.toml");
    if (QFile::exists(usual))
        return config::load(usual, purpose);
    return config::defaults(QDir::currentPath());
}

int stopFirst(const config::Settings &settings, int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    return app::ClientCommands(settings).stop();
}

int runClientCommand(const app::CommandLine &line, const config::Settings &settings, int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    const app::ClientCommands commands(settings);
    switch (line.command) {
    case app::CommandLine::Command::Stop:
        return commands.stop();
    case app::CommandLine::Command::Reload:
        return commands.reload();
    default:
        return commands.status(line.json);
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
    if (line->command == app::CommandLine::Command::Help) {
        app::terminal::say(app::CommandLine::help().trimmed());
        return 0;
    }
    if (line->command == app::CommandLine::Command::Version) {
        app::terminal::say(QStringLiteral("quern " QUERN_VERSION ", Qt %1").arg(QLatin1StringView(qVersion())));
        return 0;
    }

    const bool starts =
        line->command == app::CommandLine::Command::Start || line->command == app::CommandLine::Command::Restart;
    // A mistake in the file must not keep anybody from stopping the server that runs.
    const Result<config::Settings> settings =
        loadSettings(line->configFile, starts ? config::Purpose::StartServer : config::Purpose::FindServer);
    if (!settings) {
        app::terminal::complain(settings.error().message());
        return failed;
    }
    if (!starts)
        return runClientCommand(*line, *settings, argc, argv);
    if (line->command == app::CommandLine::Command::Restart) {
        if (const int code = stopFirst(*settings, argc, argv); code != 0)
            return code;
    }
    return app::runServer(*settings, line->daemonize || settings->server.daemonize, argc, argv);
}
