#include "log_p.h"
#include "testharness_p.h"
#include "testrole_p.h"

#include <algorithm>
#include <optional>

namespace Quern {

Result<void> TestHarnessPrivate::runHooks(HookKind kind, const WorkerFailure &failure) const
{
    const bool isServers = kind == HookKind::ServerStart || kind == HookKind::ServerStop;
    const bool isEarly =
        kind == HookKind::WorkerStart || kind == HookKind::HealthCheck || kind == HookKind::WorkerError;
    const TestRole role(isServers ? ProcessAddress() : ProcessAddress::worker(0),
                        isEarly ? TestRole::Hearing::Unheard : TestRole::Hearing::Heard);
    Result<void> outcome;
    for (const HookSpec &hook : m_application->hooks) {
        if (hook.kind != kind)
            continue;
        const Result<void> done = callHook(hook, failure);
        if (done)
            continue;
        qCCritical(logSdk).noquote() << done.error().message();
        if (outcome)
            outcome = done;
    }
    return outcome;
}

Result<void> TestHarness::runHooks(const QList<HookKind> &kinds, const WorkerFailure &failure)
{
    if (!d->installed)
        return d->installed;
    Result<void> outcome;
    for (const HookKind kind : kinds) {
        const Result<void> done = d->runHooks(kind, failure);
        if (outcome && !done)
            outcome = done;
        if (!done && (kind == HookKind::ServerStart || kind == HookKind::HealthCheck))
            break; // the server does not start, or the process does not serve
    }
    return outcome;
}

} // namespace Quern
