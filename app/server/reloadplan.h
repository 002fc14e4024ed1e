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

/// "would need 50 MiB of memory, and 40 MiB are available": that there is no room for children that take as much as
/// those with \a more bytes of their own, beside a server of \a present bytes. Empty if there is, or nobody knows.
QString lackOfMemory(const std::optional<Machine::Memory> &memory, qint64 present, qint64 more);

} // namespace Quern::app
