#pragma once

#include "sdk/src/application_p.h"

#include <functional>
#include <optional>

namespace Quern::worker {

/// One bit for each kind of hook that the plugins have registered: 1 << kind.
quint32 hookKinds(const ApplicationPrivate &application);

/// Calls the hooks of \a kind one after the other. \a tell is called with the title of each before it is, "hook
/// WorkerStart of plugin shop", and with nothing behind the last: whoever watches knows which one hangs. One that fails
/// is logged, and the others follow; returns what the first of them has said, for people.
std::optional<QString> runHooks(const ApplicationPrivate &application, HookKind kind, const WorkerFailure &failure,
                                const std::function<void(const QString &title)> &tell);

} // namespace Quern::worker
