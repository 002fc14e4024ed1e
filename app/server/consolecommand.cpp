#include "app/server/consolecommand.h"

#include "app/server/consolemodule.h"
#include "app/server/installation.h"
#include "app/server/master.h"
#include "app/server/pidfile.h"
#include "app/server/settingssource.h"
#include "app/server/terminal.h"
#include "base/systemerror.h"

#include <QCoreApplication>
#include <QFile>

#include <cstdlib>
#include <spawn.h>
#include <sys/wait.h>
#include <vector>

extern char **environ;

namespace Quern::app {

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::app::ConsoleCommand)
};

constexpr int failed = 1;

/// Whether a desktop is to be expected at all: it costs nothing to ask, and a service has none.
bool isDisplayNamed()
{
    for (const char *name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}) {
        if (!qEnvironmentVariable(name).isEmpty())
            return true;
    }
    return false;
}

Result<ConsoleModule> showableConsole(int argc, char **argv)
{
    if (!isDisplayNamed())
        return Error(Error::Unavailable, Text::tr("there is no display"));
    const Result<ConsoleModule> module = ConsoleModule::find();
    if (!module)
        return module;
    const Result<void> shown = module->canShow(argc, argv);
    return shown ? module : Result<ConsoleModule>(shown.error());
}

/// Runs `quern start -d` with the options of \a line; returns its exit code.
int startInBackground(const CommandLine &line)
{
    QStringList words{installation::program(), QStringLiteral("start"), QStringLiteral("-d")};
    const QString file = settingsFile(line);
    if (!file.isEmpty())
        words << QStringLiteral("-c") << file;
    if (!line.environment.isEmpty())
        words << QStringLiteral("-e") << line.environment;
    if (!line.versionLabel.isEmpty())
        words << QStringLiteral("-x") << line.versionLabel;
    if (line.ignoreLock)
        words << QStringLiteral("-i");
    QByteArrayList texts;
    for (const QString &word : words)
        texts.append(QFile::encodeName(word));
    std::vector<char *> arguments;
    for (QByteArray &text : texts)
        arguments.push_back(text.data());
    arguments.push_back(nullptr);
    pid_t child = 0;
    errno = ::posix_spawn(&child, arguments.front(), nullptr, nullptr, arguments.data(), environ);
    if (errno != 0) {
        terminal::complain(base::systemError(Text::tr("cannot start the server")).message());
        return failed;
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : failed;
}

} // namespace

int openConsoleOrServe(const CommandLine &line, int argc, char **argv, const std::function<int()> &serve)
{
    const Result<ConsoleModule> console =
        line.noGui ? Error(Error::Unavailable, QStringLiteral("--no-gui")) : showableConsole(argc, argv);
    if (!console) {
        terminal::complain(Text::tr("service mode, without the console: %1").arg(console.error().message()));
        return serve();
    }
    const Result<config::Settings> settings = loadSettings(line, config::Purpose::StartServer);
    const Result<qint64> pid =
        settings ? PidFile::holder(Master::pidPath(*settings)) : Result<qint64>(settings.error());
    if (!pid) {
        terminal::complain(pid.error().message());
        return failed;
    }
    if (*pid == 0) {
        if (const int code = startInBackground(line); code != 0)
            return code;
        terminal::say(Text::tr("It goes on when the console is closed; \"quern stop\" ends it."));
    }
    return console->run(argc, argv, Master::controlPath(*settings));
}

int openConsole(const CommandLine &line, int argc, char **argv)
{
    QString address = line.words.value(0);
    if (address.isEmpty()) {
        const Result<config::Settings> settings = loadSettings(line, config::Purpose::FindServer);
        if (!settings) {
            terminal::complain(settings.error().message());
            return failed;
        }
        // A desktop starts it somewhere, in a folder that has nothing to do with a server.
        const QString socket = Master::controlPath(*settings);
        if (!settings->filePath.isEmpty() || QFile::exists(socket))
            address = socket;
    }
    const Result<ConsoleModule> console = showableConsole(argc, argv);
    if (!console) {
        terminal::complain(Text::tr("no console can be shown: %1").arg(console.error().message()));
        return failed;
    }
    return console->run(argc, argv, address);
}

} // namespace Quern::app
