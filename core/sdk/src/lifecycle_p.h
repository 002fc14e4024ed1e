#pragma once

#include <Quern/lifecycle.h>

#include <QByteArray>

#include <array>
#include <vector>

namespace Quern {

/// When a hook is called. The numbers are part of the wire format: append only.
enum class HookKind : quint8 {
    ServerStart = 1,
    ServerStop = 2,
    WorkerStart = 3,
    WorkerStop = 4,
    WorkerError = 5,
    Ready = 6,
    Drain = 7,
};

/// "WorkerStart".
QUERN_EXPORT QByteArray hookName(HookKind kind);

/// One hook as a plugin has registered it. Those of a kind are called in the order of their registration.
struct HookSpec
{
    HookKind kind = HookKind::WorkerStart;
    QString plugin;
    WorkerErrorHook call; ///< only that of WorkerError looks at its argument
};

} // namespace Quern
