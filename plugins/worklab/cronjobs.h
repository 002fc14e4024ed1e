#pragma once

#include "journal.h"

#include <Quern/application.h>

namespace Worklab {

/// Jobs for [[cron]] entries, and one with a schedule of its own. \a journal outlives \a app.
void installCronJobs(Quern::Application &app, const Journal &journal);

} // namespace Worklab
