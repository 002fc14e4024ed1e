#pragma once

#include "admin/protocol/status.h"

namespace Quern::process {
class Supervisor;
}

namespace Quern::app {

class ReactorPool;

admin::Totals totalsOf(const ReactorPool &reactors);

/// Workers, reactors, totals and the health that follows from them. Called in the main thread; waits for no other.
/// The cron jobs of a status.
QList<admin::CronJobStatus> cronStatus(const QList<ipc::CronJobState> &jobs);
admin::Status statusReport(const process::Supervisor &supervisor, const ReactorPool &reactors);

} // namespace Quern::app
