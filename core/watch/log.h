#pragma once

#include <QLoggingCategory>

namespace Quern::watch {

Q_DECLARE_LOGGING_CATEGORY(logWatch)

} // namespace Quern::watch
