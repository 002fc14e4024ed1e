#pragma once

#include "config/settings.h"
#include "ipc/messages.h"

#include <Quern/result.h>

#include <QList>

namespace Quern::app {

/// Loads \a plugins as a worker would, in a child process of its own, and returns what they registered. What the child
/// prints goes to standard error. An error names each plugin at fault and the mend, one line each; a crash and a hang
/// are errors as well, and so is one of \a ports whose handler none registers, as at the start. Of \a settings the
/// worker_start_timeout and the environment hold. Needs a QCoreApplication.
Result<ipc::HelloMessage> inspectPlugins(const QList<ipc::BootMessage::Plugin> &plugins,
                                         const config::Settings &settings,
                                         const QList<ipc::BootMessage::Port> &ports = {});

} // namespace Quern::app
