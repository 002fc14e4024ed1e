#pragma once

#include <QString>

namespace Quern::app {

/// Who listens on the TCP port \a port of this machine, as "nginx (pid 812)". Empty if nobody does, or if this user may
/// not look into that process. Reads /proc once.
QString portHolder(quint16 port);

} // namespace Quern::app
