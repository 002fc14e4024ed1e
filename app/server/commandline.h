#pragma once

#include <Quern/result.h>

#include <QCoreApplication>
#include <QString>
#include <QStringList>

namespace Quern::app {

/// What the user asked for.
struct CommandLine
{
    Q_DECLARE_TR_FUNCTIONS(Quern::app::CommandLine)
public:
    enum class Command {
        Start,
        Stop,
        Restart,
        Reload,
        Scale,
        Info,
        Status,
        Config,
        Plugin,
        Init,
        Doctor,
        Logs,
        Tasks,
        Cron,
        Call,
        Admin,
        Help,
        Version
    };

    Command command = Command::Start;
    bool isAlone = false; ///< no command is named: a console is welcome, if one can be shown
    QStringList words;    ///< what follows the command: "new", "shop"
    QString configFile;   ///< as given; empty: quern.toml in the working directory, if it is there
    QString environment;  ///< "production": the file .env.production is read as well; empty: none
    QString versionLabel; ///< X_VERSION of the children; empty: none is set
    bool daemonize = false;
    bool ignoreLock = false;
    bool noGui = false;
    bool json = false;
    bool taskWorkers = false; ///< the task workers alone are reloaded
    bool check = false;
    bool showSecrets = false;
    bool follow = false;
    bool all = false; ///< every dead letter is meant
    QString lines;    ///< how many lines of the log, as given
    QString level;    ///< least important level of the log that is shown, as given
    QString role;     ///< whose lines of the log are shown: "master", "worker 2"; empty: everybody's
    QString name;     ///< of the tasks that are meant, as given; empty: any
    QString setLevel; ///< new levels of the running server: "debug" or "quern.http=debug,info"

    /// \a arguments without the program's name. Error::Invalid for anything that is not understood; it says what to
    /// write.
    static Result<CommandLine> parse(const QStringList &arguments);
    /// The text of `quern help`, or of `quern help \a topic` for the name of a command.
    static Result<QString> help(const QString &topic = {});
};

} // namespace Quern::app
