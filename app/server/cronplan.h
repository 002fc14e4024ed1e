#pragma once

#include "config/settings.h"
#include "ipc/cronmessages.h"

#include <QList>

namespace Quern::app {

/// What a timer process has to know of [[cron]]: each entry, with what is not written left to the plugin.
QList<ipc::CronEntry> cronEntries(const config::Settings &settings);

} // namespace Quern::app
