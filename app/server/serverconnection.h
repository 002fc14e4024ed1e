#pragma once

#include "app/server/controlclient.h"
#include "config/settings.h"

namespace Quern::app {

/// Connects \a client to the server that \a settings belong to. Error::Unavailable, with the mend, if none runs. Needs
/// a QCoreApplication.
Result<void> connectToServer(const config::Settings &settings, ControlClient &client);

/// ControlClient::follow(), which shows on the terminal what happens meanwhile.
Result<admin::Operation> followOperation(ControlClient &client, const admin::OperationReference &operation);

/// Asks the same server for \a method, which begins an operation, and follows that to its end in the same way: the
/// error is why it failed. Error::Timeout if it is not over when its patience ends.
Result<void> leadServer(const config::Settings &settings, QLatin1StringView method, const QJsonObject &params);

} // namespace Quern::app
