#include "app/server/commandline.h"

#include <array>
#include <optional>

namespace Quern::app {

namespace {

struct CommandName
{
    const char16_t *name;
    CommandLine::Command command;
};

constexpr std::array commandNames = {
    CommandName{u"start", CommandLine::Command::Start},     CommandName{u"stop", CommandLine::Command::Stop},
    CommandName{u"restart", CommandLine::Command::Restart}, CommandName{u"reload", CommandLine::Command::Reload},
    CommandName{u"status", CommandLine::Command::Status},   CommandName{u"help", CommandLine::Command::Help},
};

std::optional<CommandLine::Command> commandNamed(const QString &name)
{
    for (const CommandName &entry : commandNames) {
        if (name == QStringView(entry.name))
            return entry.command;
    }
    return std::nullopt;
}

bool startsServer(CommandLine::Command command)
{
    return command == CommandLine::Command::Start || command == CommandLine::Command::Restart;
}

} // namespace

Result<CommandLine> CommandLine::parse(const QStringList &arguments)
{
    CommandLine line;
    bool commandGiven = false;
    for (qsizetype i = 0; i < arguments.size(); ++i) {
        const QString &argument = arguments.at(i);
        if (argument == u"-h" || argument == u"--help") {
            line.command = Command::Help;
            return line;
        }
        if (argument == u"-v" || argument == u"--version") {
            line.command = Command::Version;
            return line;
        }
        if (argument == u"-c" || argument == u"--config") {
            line.configFile = arguments.value(++i);
            if (line.configFile.isEmpty())
                return Error(Error::Invalid, tr("%1 needs the path of a settings file").arg(argument));
        } else if (argument.startsWith(u"--config=")) {
            line.configFile = argument.mid(9);
            if (line.configFile.isEmpty())
                return Error(Error::Invalid, tr("%1 needs the path of a settings file").arg(argument));
        } else if (argument == u"-d" || argument == u"--daemonize") {
            line.daemonize = true;
        } else if (argument == u"--no-gui") {
            // Service mode is what every command does that opens no console.
        } else if (argument == u"--json") {
            line.json = true;
        } else if (argument.startsWith(u'-')) {
            return Error(Error::Invalid, tr("unknown option %1; \"quern help\" lists them all").arg(argument));
        } else if (commandGiven) {
            return Error(Error::Invalid, tr("only one command at a time, please: %1 is one too many").arg(argument));
        } else if (const std::optional<Command> command = commandNamed(argument)) {
            line.command = *command;
            commandGiven = true;
        } else {
            return Error(Error::Invalid, tr("unknown command %1; \"quern help\" lists them all").arg(argument));
        }
    }
    if (line.daemonize && !startsServer(line.command))
        return Error(Error::Invalid, tr("--daemonize goes with start and restart only"));
    if (line.json && line.command != Command::Status)
        return Error(Error::Invalid, tr("--json goes with status only"));
    return line;
}

QString CommandLine::help()
{
    return tr(R"(Quern, a resident application server

Usage: quern [command] [options]

Commands
  start      start the server; the default
  stop       let the server finish its requests, then stop it
  restart    stop the server, if it runs, and start it; a change of the settings needs this
  reload     replace the workers by new ones, with new plugin files, without losing a request
  status     show the server's health, processes and counters
  help       show this text

Options
  -c, --config FILE   settings file; default: quern.toml in the working directory, if it is there
  -d, --daemonize     start, restart: run in the background; the command returns when the server is ready
      --no-gui        accepted and without effect: this version has no desktop console
      --json          status: print JSON
  -h, --help          show this text
  -v, --version       show the version

Signals to the master: SIGTERM, SIGINT and SIGQUIT stop (a second one at once), SIGUSR1 reloads, SIGHUP opens the
log file and the access log anew, or stops if there is neither.
Exit codes: 0 done, 1 failed, 2 not understood.
)");
}

} // namespace Quern::app
