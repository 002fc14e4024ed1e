#include "app/server/commandtable.h"

#include <algorithm>
#include <array>

namespace Quern::app {

namespace {

using Command = CommandLine::Command;

#define SOURCE_TEXT(text) QT_TRANSLATE_NOOP("Quern::app::CommandLine", text)

constexpr std::array commands = {
    CommandSpec{Command::Start, u"start", "", 0, 0, SOURCE_TEXT("start the server, without the console"),
                SOURCE_TEXT("Stays in the foreground and logs to standard error, unless the settings or -d say "
                            "otherwise. The outcome is that of the first workers: a plugin that cannot be loaded, or a "
                            "port that is taken, ends the command with the reason.")},
    CommandSpec{Command::Stop, u"stop", "", 0, 0, SOURCE_TEXT("let the server finish its requests, then stop it"),
                SOURCE_TEXT("After max_wait_time what is still busy is named and killed. It succeeds as well if no "
                            "server runs.")},
    CommandSpec{
        Command::Restart, u"restart", "", 0, 0,
        SOURCE_TEXT("start the program anew, without a gap, or start it if none runs"),
        SOURCE_TEXT("The running server starts the program anew, with the command line that it was started with "
                    "itself: that one loads the settings and plugins and is ready before it takes over sockets, "
                    "tables and tasks, and the old one goes on if it cannot. A server in the foreground stays "
                    "the same process: it stops first, and who connects meanwhile waits. Every change of the "
                    "settings holds then but that of runtime_dir. -d counts if none runs.")},
    CommandSpec{Command::Reload, u"reload", "", 0, 0,
                SOURCE_TEXT("replace the workers by new ones, without losing a request"),
                SOURCE_TEXT("The new workers load the new plugin files, .env files and settings; settings that need a "
                            "restart are named. If they cannot serve, the old ones stay and the command fails. With "
                            "--task-workers only the task workers are replaced: they load the new plugin files, and "
                            "the settings that hold stay.")},
    CommandSpec{Command::Scale, u"scale", SOURCE_TEXT("[workers=N] [task_workers=N]"), 1, 2,
                SOURCE_TEXT("make the number of workers or task workers larger or smaller"),
                SOURCE_TEXT("Either may be left out. Nothing is restarted: new ones join, or those that are too many "
                            "finish what they have begun and leave. It holds over reloads, until the settings file "
                            "names another number than it did, or the server is restarted.")},
    CommandSpec{Command::Info, u"info", "", 0, 0, SOURCE_TEXT("show versions, paths and what was built in"), ""},
    CommandSpec{Command::Status, u"status", "", 0, 0,
                SOURCE_TEXT("show the server's health, processes, listeners and rates"), ""},
    CommandSpec{Command::Config, u"config", SOURCE_TEXT("[KEY…]"), 0, 64,
                SOURCE_TEXT("show the settings in effect, and where each comes from"),
                SOURCE_TEXT("With keys such as server.worker_num, or tables such as plugin, only these. With --check "
                            "it tells what is wrong, and nothing else; plugins are not loaded for it, as \"quern "
                            "doctor\" does.")},
    CommandSpec{Command::Plugin, u"plugin", SOURCE_TEXT("new NAME | check FILE… | list"), 1, 64,
                SOURCE_TEXT("write a new plugin, try plugin files, or list the plugins"),
                SOURCE_TEXT("new makes a folder NAME with a plugin that builds, its test and a README. check loads "
                            "plugin files in a process of their own and tells what is wrong with them; a [[plugin]] "
                            "entry of the settings with the same file gives its settings. list shows the plugins and "
                            "their routes: of the running server, else of the settings, which are tried.")},
    CommandSpec{Command::Init, u"init", SOURCE_TEXT("[DIRECTORY]"), 0, 1,
                SOURCE_TEXT("write a starter project: settings, .env and a first plugin"),
                SOURCE_TEXT("Nothing that is there is overwritten.")},
    CommandSpec{Command::Doctor, u"doctor", "", 0, 0,
                SOURCE_TEXT("check this machine and the settings, with a mend for what is wrong"), ""},
    CommandSpec{Command::Logs, u"logs", "", 0, 0, SOURCE_TEXT("show the log, or change its levels"),
                SOURCE_TEXT("The last lines that master and workers have logged or printed. Without a server that "
                            "runs, they are those of the log file. --set-level changes nothing in the settings; levels "
                            "of categories that it does not name stay.")},
    CommandSpec{Command::Tasks, u"tasks", SOURCE_TEXT("[show ID | retry ID… | retry --all | drop ID… | drop --all]"), 0,
                1000, SOURCE_TEXT("show the queues of background tasks, and retry or drop dead letters"),
                SOURCE_TEXT("A task or event that has failed in all its tries is a dead letter; the newest hundred are "
                            "listed. show prints what one was delivered with. retry queues it again, with all its "
                            "tries before it. drop forgets it.")},
    CommandSpec{
        Command::Cron, u"cron", SOURCE_TEXT("[run JOB… | pause JOB… | resume JOB…]"), 0, 1000,
        SOURCE_TEXT("show the cron jobs, run them now, pause or resume them"),
        SOURCE_TEXT("run does so once, also if the job is paused. A job that is paused stays so over reloads and "
                    "restarts.")},
    CommandSpec{
        Command::Call, u"call", SOURCE_TEXT("METHOD [JSON]"), 0, 2,
        SOURCE_TEXT("ask the server for any method of the management protocol"),
        SOURCE_TEXT("The result is printed as JSON. What takes its time, such as server.scale, is followed to its "
                    "end. The guide share/doc/quern/management.md lists the methods with their parameters: quern "
                    "call server.scale '{\"workers\": 4}'.")},
    CommandSpec{
        Command::Admin, u"admin", SOURCE_TEXT("[URL]"), 0, 1,
        SOURCE_TEXT("open the console, on this server or on one elsewhere"),
        SOURCE_TEXT("Without a URL on the server of the settings, whether it runs or not, or on that which was looked "
                    "at last, where there are no settings; else on the management API at http://HOST:PORT or "
                    "https://HOST:PORT, or on the control socket at a path. The console is a process of its own: what "
                    "becomes of it is nothing to the server.")},
    CommandSpec{Command::Help, u"help", SOURCE_TEXT("[COMMAND]"), 0, 1, SOURCE_TEXT("show this text, or a command's"),
                ""},
};

template <typename... Commands>
constexpr quint32 only(Commands... chosen)
{
    return ((1u << quint32(chosen)) | ...);
}
constexpr quint32 all = ~quint32(0);
constexpr quint32 starting = only(Command::Start, Command::Restart);

constexpr std::array options = {
    OptionSpec{u"-c", u"--config", "FILE", &CommandLine::configFile, all,
               SOURCE_TEXT("settings file; default: quern.toml in the working directory, if it is there")},
    OptionSpec{u"-e", u"--env", "NAME", &CommandLine::environment, all,
               SOURCE_TEXT("read .env.NAME beside the settings file; what it sets goes before .env")},
    OptionSpec{u"-d", u"--daemonize", "", &CommandLine::daemonize, starting,
               SOURCE_TEXT("run in the background; the command returns when the server is ready")},
    OptionSpec{u"-i", u"--ignore", "", &CommandLine::ignoreLock, starting,
               SOURCE_TEXT("start although the pid file cannot be locked, where the file system has no locks; never "
                           "beside a server that holds the lock")},
    OptionSpec{u"-x", u"--x-version", "LABEL", &CommandLine::versionLabel, starting,
               SOURCE_TEXT("what handlers read as the environment variable X_VERSION")},
    OptionSpec{u"", u"--no-gui", "", &CommandLine::noGui, starting,
               SOURCE_TEXT("run the server in this terminal, as start does, also where a console could be shown")},
    OptionSpec{u"", u"--json", "", &CommandLine::json,
               only(Command::Info, Command::Status, Command::Config, Command::Plugin, Command::Doctor, Command::Logs,
                    Command::Tasks, Command::Cron),
               SOURCE_TEXT("print JSON")},
    OptionSpec{u"", u"--task-workers", "", &CommandLine::taskWorkers, only(Command::Reload),
               SOURCE_TEXT("replace the task workers only, with the settings that hold")},
    OptionSpec{u"", u"--check", "", &CommandLine::check, only(Command::Config), SOURCE_TEXT("check the settings only")},
    OptionSpec{u"", u"--show-secrets", "", &CommandLine::showSecrets, only(Command::Config),
               SOURCE_TEXT("show the values of passwords, tokens and keys, too")},
    OptionSpec{u"-f", u"--follow", "", &CommandLine::follow, only(Command::Logs),
               SOURCE_TEXT("go on with new lines until Ctrl+C")},
    OptionSpec{u"-n", u"--lines", "N", &CommandLine::lines, only(Command::Logs),
               SOURCE_TEXT("show the last N lines; default: 100")},
    OptionSpec{u"", u"--level", "LEVEL", &CommandLine::level, only(Command::Logs),
               SOURCE_TEXT("show lines of this level and above only: debug, info, warning, error")},
    OptionSpec{u"", u"--role", "ROLE", &CommandLine::role, only(Command::Logs),
               SOURCE_TEXT("show the lines of one process only: master, \"worker 2\"")},
    OptionSpec{u"", u"--all", "", &CommandLine::all, only(Command::Tasks),
               SOURCE_TEXT("retry or drop all dead letters, or all of the name that --name gives")},
    OptionSpec{u"", u"--name", "NAME", &CommandLine::name, only(Command::Tasks),
               SOURCE_TEXT("dead letters of tasks and events of this name only")},
    OptionSpec{
        u"", u"--set-level", "LEVELS", &CommandLine::setLevel, only(Command::Logs),
        SOURCE_TEXT("change what the running server logs, until its next start: debug, or quern.http=debug,info")},
};

} // namespace

std::span<const CommandSpec> commandTable()
{
    return commands;
}

std::span<const OptionSpec> optionTable()
{
    return options;
}

const CommandSpec *findCommand(QStringView name)
{
    const auto it = std::find_if(commands.begin(), commands.end(),
                                 [name](const CommandSpec &spec) { return name == QStringView(spec.name); });
    return it == commands.end() ? nullptr : &*it;
}

const OptionSpec *findOption(QStringView name)
{
    const auto it = std::find_if(options.begin(), options.end(), [name](const OptionSpec &spec) {
        return name == QStringView(spec.longName) || (*spec.shortName && name == QStringView(spec.shortName));
    });
    return it == options.end() ? nullptr : &*it;
}

const CommandSpec &specOf(CommandLine::Command command)
{
    return *std::find_if(commands.begin(), commands.end(),
                         [command](const CommandSpec &spec) { return spec.command == command; });
}

} // namespace Quern::app
