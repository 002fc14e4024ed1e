#pragma once

#include <QLoggingCategory>

namespace Quern::process {

Q_DECLARE_LOGGING_CATEGORY(logProcess)

} // namespace Quern::process
