#include "worker/hooks.h"

#include "worker/log.h"

namespace Quern::worker {

quint32 hookKinds(const ApplicationPrivate &application)
{
    quint32 kinds = 0;
    for (const HookSpec &hook : application.hooks)
        kinds |= 1u << quint32(hook.kind);
    return kinds;
}

std::optional<QString> runHooks(const ApplicationPrivate &application, HookKind kind, const WorkerFailure &failure,
                                const std::function<void(const QString &)> &tell)
{
    std::optional<QString> problem;
    for (const HookSpec &hook : application.hooks) {
        if (hook.kind != kind)
            continue;
        tell(hookTitle(hook));
        if (const Result<void> done = callHook(hook, failure); !done) {
            qCCritical(logWorker).noquote() << done.error().message();
            if (!problem)
                problem = done.error().message();
        }
    }
    tell({});
    return problem;
}

} // namespace Quern::worker
