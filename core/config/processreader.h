#pragma once

#include "config/problems.h"
#include "config/settings.h"
#include "config/tomldocument.h"

namespace Quern::config {

/// What [[process]] makes of \a settings: its processes, their origins ("process[0].name", …) and what of them is
/// secret, or additions to \a problems. \a value belongs to the key "process"; \a fileName is the file as the user gave
/// it.
void readProcesses(const TomlValue &value, const QString &fileName, Settings &settings, Problems &problems);

/// Which processes \a running and \a loaded have that are not the same: "process mailer: num"; "process mailer" alone
/// is one that was added or removed.
QStringList changedProcessKeys(const Settings &running, const Settings &loaded);

} // namespace Quern::config
