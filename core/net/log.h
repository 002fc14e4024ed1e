#pragma once

#include <QLoggingCategory>

namespace Quern::net {

Q_DECLARE_LOGGING_CATEGORY(logNet)

} // namespace Quern::net
