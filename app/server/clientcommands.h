#pragma once

#include "admin/protocol/servermessages.h"
#include "app/server/commandline.h"
#include "config/settings.h"

namespace Quern::app {

/// The commands that talk to a running server. Each waits for the outcome, tells it, and returns the exit code. They
/// need a QCoreApplication.
class ClientCommands
{
    Q_DECLARE_TR_FUNCTIONS(Quern::app::ClientCommands)
public:
    explicit ClientCommands(const config::Settings &settings);

    /// Success also if no server runs.
    int stop() const;
    int reload(bool taskWorkersOnly) const;
    /// Error without a server, see isRunning().
    int restart(const admin::RestartRequest &request) const;
    /// Whether a server with these settings runs.
    Result<bool> isRunning() const;
    int status(bool json) const;

private:
    const config::Settings &m_settings;
};

} // namespace Quern::app
