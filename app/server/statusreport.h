#pragma once

#include "admin/protocol/status.h"

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
<<<<<<< HEAD

/// Workers, reactors, tasks, totals and the health that follows from them. Called in the main thread; waits for no
/// other.
admin::Status statusReport(const process::Supervisor &supervisor, const ReactorPool &reactors,
                           const tasks::Broker &broker);
=======
/// Processes, reactors, tables, totals and the health that follows from them. Called in the main thread; waits for no
/// other.
admin::Status statusReport(const process::Supervisor &supervisor, const ReactorPool &reactors,
                           const tables::SharedTables &tables);
>>>>>>> 23aa4d47015927f955916c243b70f158c7214058

} // namespace Quern::app
