#pragma once

#include "config/problems.h"
#include "config/settings.h"
#include "config/tomldocument.h"

namespace Quern::config {

/// What [[cron]] makes of \a settings: its jobs, their origins ("cron[0].interval", …) and what of them is secret, or
/// additions to \a problems. \a value belongs to the key "cron"; \a fileName is the file as the user gave it.
void readCrons(const TomlValue &value, const QString &fileName, Settings &settings, Problems &problems);

} // namespace Quern::config
