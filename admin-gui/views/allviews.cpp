#include "admin-gui/views/allviews.h"

#include "admin-gui/views/auditview.h"
#include "admin-gui/views/configview.h"
#include "admin-gui/views/connectionview.h"
#include "admin-gui/views/cronview.h"
#include "admin-gui/views/logview.h"
#include "admin-gui/views/metricsview.h"
#include "admin-gui/views/overviewview.h"
#include "admin-gui/views/pluginview.h"
#include "admin-gui/views/processview.h"
#include "admin-gui/views/tableview.h"
#include "admin-gui/views/taskview.h"

namespace Quern::console {

QList<View *> makeViews(const ViewContext &context)
{
    return {
        new OverviewView(context), new ProcessView(context), new ConnectionView(context), new TableView(context),
        new CronView(context),     new TaskView(context),    new PluginView(context),     new MetricsView(context),
        new LogView(context),      new ConfigView(context),  new AuditView(context),
    };
}

} // namespace Quern::console
