#pragma once

#include <QLoggingCategory>

namespace Quern::dispatch {

Q_DECLARE_LOGGING_CATEGORY(logDispatch)

} // namespace Quern::dispatch
