#pragma once

#include <QLoggingCategory>

namespace Quern::app {

Q_DECLARE_LOGGING_CATEGORY(logMaster)

} // namespace Quern::app
