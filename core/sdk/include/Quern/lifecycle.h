#pragma once

#include <Quern/result.h>

#include <QString>

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace Quern {

/// When a life-cycle hook is called, see Application::onServerStart() and the like. The numbers are part of the wire
/// format: append only.
enum class HookKind : quint8 {
    ServerStart = 1, ///< see Application::onServerStart()
    ServerStop = 2,  ///< see Application::onServerStop()
    WorkerStart = 3, ///< see Application::onWorkerStart()
    WorkerStop = 4,  ///< see Application::onWorkerStop()
    WorkerError = 5, ///< see Application::onWorkerError()
    Ready = 6,       ///< see Application::onReady()
    Drain = 7,       ///< see Application::onDrain()
    HealthCheck = 8, ///< see Application::onHealthCheck()
};

/// A process that has ended against its will, as Application::onWorkerError() is told. A value type.
struct WorkerFailure
{
    QString process; ///< "worker 1", "task worker 0", "timer", "process mailer 0"
    qint64 pid = 0;  ///< that it had
    QString reason;  ///< "signal 11 (Segmentation fault) while it ran GET /crash"
};

/// What a life-cycle hook is: a call that may fail, by its result or by an exception.
using LifeCycleHook = std::function<Result<void>()>;
/// What Application::onWorkerError() takes.
using WorkerErrorHook = std::function<Result<void>(const WorkerFailure &failure)>;

/// Makes a hook of what returns nothing, Result<void> or Outcome.
template <typename... Arguments, std::invocable<Arguments...> Hook>
std::function<Result<void>(Arguments...)> lifeCycleHook(Hook hook)
{
    using Returned = std::invoke_result_t<Hook &, Arguments...>;
    static_assert(std::is_void_v<Returned> || std::is_convertible_v<Returned, Result<void>>,
                  "a hook returns nothing, Result<void> or Outcome");
    if constexpr (std::is_void_v<Returned>)
        return [hook = std::move(hook)](Arguments... arguments) mutable -> Result<void> {
            hook(arguments...);
            return {};
        };
    else
        return std::function<Result<void>(Arguments...)>(std::move(hook));
}

} // namespace Quern
