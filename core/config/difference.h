#pragma once

#include "config/settings.h"

#include <QStringList>

namespace Quern::config {

/// The keys whose values differ between what runs and what has been loaded anew, of those whose changes take effect by
/// \a kind: "server.listen", "socket telnet: listen", "cron nightly: interval", "plugin[0].settings"; "plugin" if the
/// list is another one. Cron jobs are told apart by their names, as sockets are; "cron nightly" alone is one that was
/// added or removed.
QStringList changedKeys(const Settings &running, const Settings &loaded, Change kind);

/// What holds after a reload: \a loaded, but for the values that only a restart changes, which are those of \a running.
Settings afterReload(const Settings &running, const Settings &loaded);

} // namespace Quern::config
