#pragma once

#include <QLoggingCategory>

namespace Quern::dispatch {

Q_DECLARE_LOGGING_CATEGORY(logDispatch)
/// What clients do wrong.
Q_DECLARE_LOGGING_CATEGORY(logHttp)

} // namespace Quern::dispatch
