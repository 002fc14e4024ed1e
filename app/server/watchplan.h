#pragma once

#include "config/settings.h"
#include "watch/filescan.h"

namespace Quern::app {

/// What \a settings are made of, and what they name in reload.paths. The settings file and \a plugins are needed; the
/// rest may come and go. What the server itself writes is ignored.
watch::WatchPlan watchPlan(const config::Settings &settings, const QStringList &plugins);

} // namespace Quern::app
