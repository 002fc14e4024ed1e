#pragma once

#include <Quern/task.h>

#include <QVariantMap>

#include <vector>

namespace Quern {

/// Makes a Payload of what has crossed a process border, and reads one for that.
struct PayloadAccess
{
    static Payload make(bool isMap, const QByteArray &encoded)
    {
        Payload payload;
        payload.m_isMap = isMap;
        payload.m_encoded = encoded;
        return payload;
    }
};

/// A task as a plugin has registered it. What is not given is as the settings say.
struct TaskSpec
{
    QByteArray name;
    QString plugin;
    TaskFunction handle;
    std::function<void(const TaskResult &)> finish;
    std::optional<int> tries;
    std::optional<std::chrono::milliseconds> timeout;
    std::optional<std::chrono::milliseconds> retryDelay;
    std::optional<std::chrono::milliseconds> retryDelayMax;
    std::optional<int> priority;
    std::optional<bool> durable;
};

/// One listener; those of an event are called in the order of their registration.
struct ListenerSpec
{
    QByteArray event;
    QString plugin;
    ListenerFunction call;
};

/// What stands behind a Task or an Event.
struct TaskCall
{
    quint64 id = 0;
    QByteArray name;
    Payload payload;
    int attempt = 1;
    int tries = 1;
    Payload result;
};

/// The longest payload of a task or event, and the longest result, in bytes.
inline constexpr qsizetype MaxTaskPayload = 64 * 1024 * 1024;

/// How one try has ended.
struct WorkEnd
{
    enum class Kind {
        Done,
        Failed,   ///< another try may follow
        Hopeless, ///< no other try can succeed: nobody handles it
        TooLarge, ///< the same: its result is longer than it may be
    };

    Kind kind = Kind::Done;
    QString error = {};
    quint32 resumeAt = 0; ///< of an event that failed: the listener that is to run next
};

/// Runs one try; whatever the author's code throws ends here. \a first is the first listener that has not run yet.
QUERN_EXPORT WorkEnd runTask(const TaskSpec &spec, TaskCall &call);
QUERN_EXPORT WorkEnd runListeners(const std::vector<const ListenerSpec *> &listeners, quint32 first, TaskCall &call);

/// What stands behind a TaskResult.
struct TaskResultData
{
    quint64 id = 0;
    QByteArray name;
    Result<Payload> outcome = Payload();
    int attempts = 0;
};

/// Error::Invalid or Error::TooLarge, for people, if a task or event cannot be delivered so.
QUERN_EXPORT Result<void> checkDelivery(QByteArrayView name, const Payload &payload, const TaskOptions &options);
/// 'task "mail"', for people; \a kind is "task" or "event".
QUERN_EXPORT QString taskTitle(const char *kind, QByteArrayView name);
/// What deliver() and fire() return: who has given "accepted" or "finished" is told of a refusal.
QUERN_EXPORT Delivery deliveryOf(const Result<TaskId> &outcome, const char *kind, QByteArrayView name,
                                 const TaskOptions &options);
/// What is said of TaskOptions::finished in another process than a worker; \a who is that process.
QUERN_EXPORT Error finishedIsForWorkers(const QString &who);

} // namespace Quern
