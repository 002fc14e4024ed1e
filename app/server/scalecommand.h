#pragma once

#include "admin/protocol/servermessages.h"
#include "app/server/commandline.h"
#include "config/settings.h"

#include <QCoreApplication>

namespace Quern::app {

/// `quern scale …`: how many workers and task workers there are to be. It talks to a running server.
class ScaleCommand
{
    Q_DECLARE_TR_FUNCTIONS(Quern::app::ScaleCommand)
public:
    /// Error::Invalid says what to write.
    static Result<ScaleCommand> parse(const CommandLine &line);

    /// Waits for the outcome, tells it, and returns the exit code. Needs a QCoreApplication.
    int run(const config::Settings &settings) const;

    const admin::ScaleRequest &request() const { return m_request; }

private:
    ScaleCommand() = default;

    admin::ScaleRequest m_request;
};

} // namespace Quern::app
