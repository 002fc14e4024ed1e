#pragma once

#include "app/host/machine.h"
#include "config/reloadsettings.h"

namespace Quern::app {

/// How a reload goes about it.
struct ReloadPlan
{
    bool isRolling = false; ///< one child after the other
    QString why;            ///< for people; empty if there is nothing to tell
};

/// What \a strategy means where \a memory may be taken, while master and children have the given bytes of their own.
ReloadPlan planReload(config::ReloadStrategy strategy, const std::optional<Machine::Memory> &memory, qint64 ofMaster,
                      qint64 ofChildren);

} // namespace Quern::app
