#include "worklab.h"

#include "cronjobs.h"
#include "hoard.h"
#include "hooks.h"
#include "processes.h"
#include "tableroutes.h"
#include "taskroutes.h"
#include "tasks.h"

namespace Worklab {

void WorklabPlugin::install(Quern::Application &app)
{
    m_journal.open(app.settings().value(QStringLiteral("journal")).toString());
    installHooks(app, m_journal);
    installTasks(app, m_journal);
    installCronJobs(app, m_journal);
    installProcesses(app, m_journal);
    installHoard(app);
    app.group("/lab", [](Quern::RouteGroup &work) {
        installTaskRoutes(work);
        installTableRoutes(work);
        installProcessRoutes(work);
    });
}

} // namespace Worklab
