#pragma once

#include <Quern/lifecycle.h>

#include <QByteArray>

#include <array>
#include <vector>

namespace Quern {

/// "WorkerStart".
QUERN_EXPORT QByteArray hookName(HookKind kind);

/// One hook as a plugin has registered it. Those of a kind are called in the order of their registration.
struct HookSpec
{
    HookKind kind = HookKind::WorkerStart;
    QString plugin;
    WorkerErrorHook call; ///< only that of WorkerError looks at its argument
};

/// "hook WorkerStart of plugin shop".
QUERN_EXPORT QString hookTitle(const HookSpec &hook);
/// Calls it. The Error has a text for people that begins with its title; what it throws becomes one, too.
QUERN_EXPORT Result<void> callHook(const HookSpec &hook, const WorkerFailure &failure);
/// What a hook of WorkerStart or WorkerError is told that would wait for the server's answer.
QUERN_EXPORT Error nobodyAnswersYet();

} // namespace Quern
