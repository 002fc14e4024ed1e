#pragma once

#include "admin-gui/actions/serveraction.h"

#include <QStringList>

/// What can be done with the cron jobs of a server.
namespace Quern::console::cronactions {

/// Once, now, also while they are paused.
ServerAction run(const QStringList &jobs);
ServerAction pause(const QStringList &jobs);
ServerAction resume(const QStringList &jobs);

} // namespace Quern::console::cronactions
