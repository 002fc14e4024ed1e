#pragma once

#include "config/settings.h"
#include "ipc/messages.h"
#include "tasks/broker.h"

namespace Quern::app {

/// Where large payloads wait: beside the database.
QString taskSpillFolder(const config::Settings &settings);
/// What children are told, and what the broker is.
ipc::TaskDefaults taskDefaults(const config::Settings &settings);
tasks::BrokerSettings brokerSettings(const config::Settings &settings);

} // namespace Quern::app
