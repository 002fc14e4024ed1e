#include "worker/hooks.h"

#include "sdk/src/exceptiontext_p.h"
#include "worker/log.h"

namespace Quern::worker {

namespace {

Result<void> call(const HookSpec &hook, const WorkerFailure &failure)
{
    try {
        return hook.call(failure);
    } catch (...) {
        return Error(Error::Internal, QStringLiteral("it threw: ") + textOfCurrentException());
    }
}

} // namespace

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
        const QString title =
            QStringLiteral("hook %1 of plugin %2").arg(QString::fromLatin1(hookName(kind)), hook.plugin);
        tell(title);
        if (const Result<void> done = call(hook, failure); !done) {
            const QString text = QStringLiteral("%1 failed: %2").arg(title, done.error().message());
            qCCritical(logWorker).noquote() << text;
            if (!problem)
                problem = text;
        }
    }
    tell({});
    return problem;
}

} // namespace Quern::worker
