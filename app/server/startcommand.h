#pragma once

#include "app/server/restarthandover.h"
#include "app/server/servicenotifier.h"
#include "config/settings.h"
#include "net/inheritedsockets.h"

#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayList>

#include <functional>
#include <memory>

namespace Quern::app {

struct StartOptions
{
    bool daemonize = false;
    bool ignoreLock = false; ///< goes on where the file system has no locks
    /// Reads the settings anew, for a reload.
    std::function<Result<config::Settings>()> settingsSource;
    /// What they would be if the file said \a text.
    std::function<Result<config::Settings>(const QByteArray &text)> candidateSource = {};
    /// Of a restart by the program before this.
    RestartHandover handover = {};
    /// That the program before this has left, or a service manager lends.
    std::shared_ptr<net::InheritedSockets> sockets = std::make_shared<net::InheritedSockets>();
    QString environment = {};  ///< see CommandLine
    QString versionLabel = {}; ///< the same
    /// The program and its arguments, for a restart.
    QByteArray program = {};
    QByteArrayList arguments = {};
    /// Of the service manager that has started the program.
    ServiceRequest service = {};
};

/// Runs the server in this process until it is stopped, in the foreground or as a daemon, and returns the exit code.
/// Creates the QCoreApplication; call it in a process that has none.
int runServer(const config::Settings &settings, const StartOptions &options, int &argc, char **argv);

} // namespace Quern::app
