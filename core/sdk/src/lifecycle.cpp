#include "application_p.h"
#include "exceptiontext_p.h"

#include <stdexcept>

namespace Quern {

QByteArray hookName(HookKind kind)
{
    switch (kind) {
    case HookKind::ServerStart:
        return "ServerStart";
    case HookKind::ServerStop:
        return "ServerStop";
    case HookKind::WorkerStart:
        return "WorkerStart";
    case HookKind::WorkerStop:
        return "WorkerStop";
    case HookKind::WorkerError:
        return "WorkerError";
    case HookKind::Ready:
        return "Ready";
    case HookKind::HealthCheck:
        return "HealthCheck";
    case HookKind::Drain:
        break;
    }
    return "Drain";
}

QString hookTitle(const HookSpec &hook)
{
    return QStringLiteral("hook %1 of plugin %2").arg(QString::fromLatin1(hookName(hook.kind)), hook.plugin);
}

Result<void> callHook(const HookSpec &hook, const WorkerFailure &failure)
{
    const auto failed = [&hook](Error::Code code, const QString &problem) {
        return Error(code, QStringLiteral("%1 failed: %2").arg(hookTitle(hook), problem));
    };
    try {
        const Result<void> done = hook.call(failure);
        return done ? done : failed(done.error().code(), done.error().message());
    } catch (...) {
        return failed(Error::Internal, QStringLiteral("it threw: ") + textOfCurrentException());
    }
}

Error nobodyAnswersYet()
{
    return Error(Error::Unavailable,
                 QStringLiteral("the server answers nobody before onWorkerStart() has returned: call deliver() and "
                                "push() here, and those that wait for an answer from onReady() on"));
}

void Application::addHook(int kind, WorkerErrorHook hook)
{
    const std::string call = "on" + hookName(HookKind(kind)).toStdString() + "()";
    d->checkOpen(call);
    if (!hook)
        throw std::invalid_argument("an empty function is given to " + call);
    d->hooks.push_back({HookKind(kind), d->plugin, std::move(hook)});
}

void Application::addPlainHook(int kind, LifeCycleHook hook)
{
    addHook(kind, hook ? WorkerErrorHook([hook = std::move(hook)](const WorkerFailure &) { return hook(); }) : nullptr);
}

void Application::onServerStart(LifeCycleHook hook)
{
    addPlainHook(int(HookKind::ServerStart), std::move(hook));
}

void Application::onServerStop(LifeCycleHook hook)
{
    addPlainHook(int(HookKind::ServerStop), std::move(hook));
}

void Application::onWorkerStart(LifeCycleHook hook)
{
    addPlainHook(int(HookKind::WorkerStart), std::move(hook));
}

void Application::onHealthCheck(LifeCycleHook hook)
{
    addPlainHook(int(HookKind::HealthCheck), std::move(hook));
}

void Application::onWorkerStop(LifeCycleHook hook)
{
    addPlainHook(int(HookKind::WorkerStop), std::move(hook));
}

void Application::onWorkerError(WorkerErrorHook hook)
{
    addHook(int(HookKind::WorkerError), std::move(hook));
}

void Application::onReady(LifeCycleHook hook)
{
    addPlainHook(int(HookKind::Ready), std::move(hook));
}

void Application::onDrain(LifeCycleHook hook)
{
    addPlainHook(int(HookKind::Drain), std::move(hook));
}

} // namespace Quern
