#pragma once

#include "admin/protocol/status.h"
#include "app/server/ratemeter.h"
#include "app/server/usagemeter.h"
#include "ipc/cronmessages.h"

namespace Quern::process {
class Supervisor;
}
namespace Quern::tasks {
class Broker;
}

namespace Quern::tables {
class SharedTables;
}

namespace Quern::app {

class ReactorPool;

admin::Totals totalsOf(const ReactorPool &reactors);

/// The cron jobs of a status.
QList<admin::CronJobStatus> cronStatus(const QList<ipc::CronJobState> &jobs);

/// Processes, reactors, tasks, tables, cron jobs, totals, rates and the health that follows from them, and from
/// \a reloadFailure, why the last reload failed. Called in the main thread; waits for no other.
admin::Status statusReport(const process::Supervisor &supervisor, const ReactorPool &reactors,
                           const tasks::Broker &broker, const tables::SharedTables &tables,
                           const QList<ipc::CronJobState> &cron, const UsageMeter &usage, const RateMeter &meter,
                           const QString &reloadFailure);

} // namespace Quern::app
