#pragma once

#include <QLoggingCategory>

namespace Quern {

Q_DECLARE_LOGGING_CATEGORY(logSdk)

} // namespace Quern
