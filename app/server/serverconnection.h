#pragma once

#include "app/server/controlclient.h"
#include "config/settings.h"

namespace Quern::app {

/// Connects \a client to the server that \a settings belong to. Error::Unavailable, with the mend, if none runs. Needs
/// a QCoreApplication.
Result<void> connectToServer(const config::Settings &settings, ControlClient &client);

/// ControlClient::follow(), which shows on the terminal what happens meanwhile.
Result<admin::Operation> followOperation(ControlClient &client, const admin::OperationReference &operation);

} // namespace Quern::app
