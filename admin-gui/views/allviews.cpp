#include "admin-gui/views/allviews.h"

#include "admin-gui/views/overviewview.h"
#include "admin-gui/views/processview.h"

namespace Quern::console {

QList<View *> makeViews(const ViewContext &context)
{
    return {
        new OverviewView(context),
        new ProcessView(context),
    };
}

} // namespace Quern::console
