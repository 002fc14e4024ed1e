#pragma once

#include "config/settings.h"

#include <QStringList>

namespace Quern::config {

/// The keys whose values differ between what runs and what has been loaded anew, of those whose changes take effect by
/// \a kind: "server.listen", "socket telnet: listen", "plugin[0].settings"; "plugin" if the list is another one.
QStringList changedKeys(const Settings &running, const Settings &loaded, Change kind);

/// What holds after a reload: \a loaded, but for the values that only a restart changes, which are those of \a running.
Settings afterReload(const Settings &running, const Settings &loaded);

} // namespace Quern::config
