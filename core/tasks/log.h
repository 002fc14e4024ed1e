#pragma once

#include <QLoggingCategory>

namespace Quern::tasks {

Q_DECLARE_LOGGING_CATEGORY(logTasks)

} // namespace Quern::tasks
