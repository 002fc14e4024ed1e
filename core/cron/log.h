#pragma once

#include <QLoggingCategory>

namespace Quern::cron {

Q_DECLARE_LOGGING_CATEGORY(logCron)

} // namespace Quern::cron
