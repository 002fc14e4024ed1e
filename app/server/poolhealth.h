#pragma once

#include "admin/protocol/status.h"
#include "config/serversettings.h"
#include "process/supervisor.h"

namespace Quern::app {

/// How the children of each kind are that serve; \a server says how many workers and task workers there may be. In the
/// order of \a children.
QList<admin::PoolStatus> poolHealth(const QList<process::ChildReport> &children, const config::ServerSettings &server);

} // namespace Quern::app
