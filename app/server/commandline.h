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
    enum class Command { Start, Stop, Restart, Reload, Status, Help, Version };

    Command command = Command::Start;
    QString configFile; ///< as given; empty: quern.toml in the working directory, if it is there
    bool daemonize = false;
    bool json = false;

    /// \a arguments without the program's name. Error::Invalid for anything that is not understood; it says what to
    /// write.
    static Result<CommandLine> parse(const QStringList &arguments);
    static QString help();
};

} // namespace Quern::app
