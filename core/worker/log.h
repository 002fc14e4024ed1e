#pragma once

#include <QLoggingCategory>

namespace Quern::worker {

Q_DECLARE_LOGGING_CATEGORY(logWorker)

} // namespace Quern::worker
