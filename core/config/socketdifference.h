#pragma once

#include "config/settings.h"

#include <QStringList>

namespace Quern::config {

/// Which keys of sockets differ, of those whose changes take effect by \a kind: "socket telnet: listen". Sockets are
/// told apart by their names; "socket telnet" alone is one that was added or removed.
QStringList changedSocketKeys(const Settings &running, const Settings &loaded, Change kind);

/// Makes the sockets of \a settings, which are otherwise what holds after a reload to \a loaded, those of \a running
/// with what a reload changes of them. A port that speaks TLS keeps its certificate if \a loaded has none for it any
/// more.
void takeOverSockets(const Settings &running, const Settings &loaded, Settings &settings);

} // namespace Quern::config
