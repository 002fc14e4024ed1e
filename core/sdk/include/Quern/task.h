#pragma once

#include <Quern/global.h>
#include <Quern/payload.h>
#include <Quern/posted.h>
#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QHashFunctions>
#include <QString>

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace Quern {

class ApplicationPrivate;
struct TaskSpec;
struct TaskCall;
struct TaskResultData;

/// The number of one task or event that was delivered, positive as a signed 64-bit number; another one has the same
/// with a chance of one in 2^40 or so. A value type; any thread.
class TaskId
{
public:
    /// No task.
    constexpr TaskId() = default;
    /// What value() was.
    constexpr explicit TaskId(quint64 value) : m_value(value) {}

    constexpr quint64 value() const { return m_value; }    ///< 0 if it is none
    constexpr bool isNull() const { return m_value == 0; } ///< no task
    /// In decimal digits, as logs and `quern tasks` have it.
    QString toString() const { return QString::number(m_value); }

    constexpr bool operator==(const TaskId &) const = default;  ///< the same task
    constexpr auto operator<=>(const TaskId &) const = default; ///< some order

private:
    quint64 m_value = 0;
};

/// For QHash and QSet.
inline std::size_t qHash(const TaskId &id, std::size_t seed = 0)
{
    return ::qHash(id.value(), seed);
}

/// For logs and tests: `Quern::TaskId(4711)`.
QUERN_EXPORT QDebug operator<<(QDebug debug, const TaskId &id);

/// What can be a name, but not as bytes: QString, and what becomes one.
template <typename Name>
concept QStringName = std::convertible_to<const Name &, QString> && !std::convertible_to<const Name &, QByteArrayView>;

/// One try of a task, as its handler sees it. Lives during the call of the handler, in its thread.
class QUERN_EXPORT Task
{
public:
    /// Made by the task worker.
    explicit Task(TaskCall &call) : d(call) {}
    Q_DISABLE_COPY_MOVE(Task)

    TaskId id() const;              ///< the same in each try
    QString name() const;           ///< as it was registered
    const Payload &payload() const; ///< as it was delivered
    int attempt() const;            ///< from 1; a try that the end of its task worker or of the server cut short counts
                                    ///< only if it was the task's own doing
    int tries() const;              ///< how many it has in all
    /// What the deliverer is told when the task succeeds; an empty map without it. One with a Payload::problem() makes
    /// the try a failed one. With more than 64 MiB the task fails for good: put it into a file and return its name.
    void setResult(const Payload &result);

private:
    TaskCall &d;
};

/// How a task has ended: its result, or the error of its last try. A value type; any thread.
class QUERN_EXPORT TaskResult
{
public:
    /// Made by the worker.
    explicit TaskResult(std::shared_ptr<const TaskResultData> data) : m_data(std::move(data)) {}

    TaskId id() const;              ///< that deliver() has returned
    QString name() const;           ///< of the task
    bool ok() const;                ///< whether it succeeded
    const Payload &payload() const; ///< what the handler has set; only when ok()
    /// Only when not ok(). Error::Busy, Error::Exists and Error::Io if it was not accepted at all, Error::Timeout,
    /// Error::Unavailable if its task worker died, Error::NotFound if nobody handles it, Error::TooLarge if its result
    /// is, else Error::Internal with what the handler has returned or thrown. The task is among the dead letters then,
    /// unless it was not accepted, or is done and its result alone has gone: with its task worker, for want of a disk
    /// (Error::Io), or since this worker has let 64 MiB of such news wait (Error::Busy).
    const Error &error() const;
    /// How often it was tried.
    int attempts() const;

private:
    std::shared_ptr<const TaskResultData> m_data;
};

/// How one task or event is to be treated. What is not given here is as its handler was registered with, and else as
/// [tasks] says. A value type.
///
///     Quern::server().deliver("mail", {{"to", address}}, {.delay = 5s, .tries = 3, .durable = true});
struct TaskOptions
{
    std::chrono::milliseconds delay{0};                       ///< it is not run before; up to 10 years
    std::optional<int> tries = {};                            ///< in all, 1 to 1000
    std::optional<std::chrono::milliseconds> timeout = {};    ///< of one try; zero: none
    std::optional<std::chrono::milliseconds> retryDelay = {}; ///< before the second try; doubled with each, with jitter
    std::optional<int> priority = {};                         ///< 0, the lowest, to 9; usually 5
    /// Refused with Error::Exists while another one with this key waits or runs: 1 to 255 bytes; empty: none.
    QByteArray uniqueKey = {};
    /// True: it is kept on disk once it is accepted, and run at least once whatever happens; false: it stays in memory.
    /// Not given: on disk if it is delayed. With driver = "memory" in [tasks] all stay in memory, and the log warns of
    /// the first that was to be durable.
    std::optional<bool> durable = {};
    /// Called when the server has accepted it or refused it; in the main thread of the process, by its event loop and
    /// never within deliver(). Also for what deliver() itself refuses, so that one place knows of every refusal; only
    /// where there is no server, or not yet, as in HandlerPlugin::install(), is nothing called.
    std::function<void(const Result<TaskId> &)> accepted = {};
    /// Called when it has ended, also if it is refused, as \a accepted: in a worker alone. A worker that has been
    /// replaced meanwhile does not hear it; what TaskHandler::onFinish() was given is called in its successor then.
    std::function<void(const TaskResult &)> finished = {};
};

/// A Result<TaskId> that may be dropped: what refuses a task tells the log if nobody else wants to hear, that is, looks
/// at it, or has given TaskOptions::accepted or finished, which are told as well. A value type.
class Delivery : public Posted<TaskId>
{
public:
    using Posted::Posted;
    Delivery(TaskId id) : Posted(Result<TaskId>(id)) {} ///< it is on its way

    const TaskId &value() const { return seen().value(); }           ///< only when ok()
    const TaskId &operator*() const { return value(); }              ///< the same
    const TaskId *operator->() const { return seen().operator->(); } ///< the same
};

/// A task that was just registered; its calls chain. After HandlerPlugin::install() they throw std::logic_error, and
/// std::invalid_argument for what is out of range.
class QUERN_EXPORT TaskHandler
{
public:
    /// Made by Application::task().
    TaskHandler(ApplicationPrivate *application, TaskSpec *spec) : d(application), m_spec(spec) {}

    /// Called in the worker that has delivered a task when that has ended, in its main thread. Not called for tasks
    /// that task workers, cron jobs and custom processes deliver.
    TaskHandler &onFinish(std::function<void(const TaskResult &result)> handler);
    TaskHandler &tries(int tries);                           ///< see TaskOptions; 1 to 1000
    TaskHandler &timeout(std::chrono::milliseconds timeout); ///< see TaskOptions
    /// Before the second try, and the longest to which it is doubled.
    TaskHandler &retryDelay(std::chrono::milliseconds first, std::chrono::milliseconds longest = std::chrono::hours(1));
    TaskHandler &priority(int priority); ///< see TaskOptions; 0 to 9
    /// See TaskOptions.
    TaskHandler &durable(bool on = true);

private:
    ApplicationPrivate *d;
    TaskSpec *m_spec;
};

/// Something that has happened, as a listener sees it. Lives during the call of the listener, in its thread.
class QUERN_EXPORT Event
{
public:
    /// Made by the task worker.
    explicit Event(TaskCall &call) : d(call) {}
    Q_DISABLE_COPY_MOVE(Event)

    TaskId id() const;              ///< the same in each try
    QString name() const;           ///< "order.paid"
    const Payload &payload() const; ///< as it was fired
    int attempt() const;            ///< from 1, see Task::attempt()

private:
    TaskCall &d;
};

/// What Application::task() takes: a call that may fail, by its result or by an exception.
using TaskFunction = std::function<Result<void>(Task &task)>;
/// What Application::listen() takes: a call that may fail; false stops the listeners behind it.
using ListenerFunction = std::function<Result<bool>(const Event &event)>;

/// Makes a TaskFunction of what returns nothing, Result<void> or Outcome.
template <std::invocable<Task &> Handler>
TaskFunction taskFunction(Handler handler)
{
    using Returned = std::invoke_result_t<Handler &, Task &>;
    static_assert(std::is_void_v<Returned> || std::is_convertible_v<Returned, Result<void>>,
                  "a task returns nothing, Result<void> or Outcome");
    if constexpr (std::is_void_v<Returned>)
        return [handler = std::move(handler)](Task &task) mutable -> Result<void> {
            handler(task);
            return {};
        };
    else
        return TaskFunction(std::move(handler));
}

/// Makes a ListenerFunction of what returns nothing, bool or Result<bool>.
template <std::invocable<const Event &> Listener>
ListenerFunction listenerFunction(Listener listener)
{
    using Returned = std::invoke_result_t<Listener &, const Event &>;
    static_assert(std::is_void_v<Returned> || std::is_convertible_v<Returned, Result<bool>>,
                  "a listener returns nothing, bool or Result<bool>");
    if constexpr (std::is_void_v<Returned>)
        return [listener = std::move(listener)](const Event &event) mutable -> Result<bool> {
            listener(event);
            return true;
        };
    else
        return ListenerFunction(std::move(listener));
}

} // namespace Quern

/// For std::unordered_map and the like.
template <>
struct std::hash<Quern::TaskId>
{
    /// Of the number.
    std::size_t operator()(const Quern::TaskId &id) const { return std::hash<quint64>()(id.value()); }
};
