#pragma once

#include "base/linethrottle.h"
#include "ipc/channel.h"
#include "ipc/childrole.h"
#include "ipc/messages.h"
#include "ipc/taskmessages.h"
#include "sdk/src/application_p.h"
#include "tasks/spill.h"
#include "worker/brokerport.h"

#include <QObject>
#include <QSet>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace Quern::worker {

/// The deliverer's half of tasks and events: what handlers, tasks, cron jobs and processes deliver becomes frames to
/// the broker, and what comes back is told to whom it concerns. Any thread, but for what it is told.
class TaskClient
{
public:
    /// The longest payload, in bytes.
    static constexpr qsizetype MaxPayload = MaxTaskPayload;

    /// \a application outlives it and is complete before anything is delivered.
    TaskClient(const ApplicationPrivate &application, const ipc::ChildIdentity &who, const ipc::TaskDefaults &defaults);
    Q_DISABLE_COPY_MOVE(TaskClient)

    /// Sends by \a channel, which outlives that, until detach(). \a outputWaits is called in the thread that attaches
    /// when something was sent there.
    void attach(ipc::Channel *channel, std::function<void()> outputWaits);
    void detach();
    /// There are so many from now on. Any thread.
    void setTaskWorkers(int count) { m_taskWorkers.store(count, std::memory_order_relaxed); }

    Delivery deliver(QByteArrayView name, const Payload &payload, const TaskOptions &options);
    Delivery fire(QByteArrayView name, const Payload &payload, const TaskOptions &options);
    Result<TaskId> deliverAndWait(QByteArrayView name, const Payload &payload, const TaskOptions &options,
                                  std::chrono::milliseconds timeout);

    // In the channel's thread:
    /// A DeliverAnswer frame.
    void answered(const ipc::Frame &frame);
    /// A TaskFinished frame.
    void finished(const ipc::Frame &frame);

private:
    using Waiter = BrokerWaiter<void>;
    /// Who wants to hear of one delivery.
    struct Pending
    {
        QByteArray name;
        bool isEvent = false;
        std::function<void(const Result<TaskId> &)> accepted;
        std::function<void(const TaskResult &)> finished;
        std::shared_ptr<Waiter> waiter;
    };

    Result<TaskId> send(QByteArrayView name, const Payload &payload, const TaskOptions &options, quint8 kind,
                        const std::shared_ptr<Waiter> &waiter);
    Result<TaskId> sendAs(quint64 id, QByteArrayView name, const Payload &payload, const TaskOptions &options,
                          quint8 kind, const std::shared_ptr<Waiter> &waiter);
    Result<void> checkSender(const TaskOptions &options) const;
    ipc::DeliverMessage messageFor(const TaskSpec *spec, const TaskOptions &options) const;
    /// Error::Unavailable or Error::Busy if it cannot leave.
    Result<void> dispatch(quint64 id, const ipc::DeliverMessage &message);
    /// Nobody listens to an event, which is soon told, as of any other.
    void nobodyListens(quint64 id, const Pending &pending);
    static void tellAccepted(const Pending &pending, const Result<TaskId> &outcome);
    void refused(quint64 id, Pending &pending, const Error &error);
    void tell(const Pending *pending, const TaskResult &result, bool isEvent) const;
    /// Of a task whose deliverer wants to hear nothing; nor is its name known.
    void logRefusal(const Error &error);
    std::optional<Pending> takePending(quint64 id, bool ends);

    const ApplicationPrivate &m_application;
    const ipc::ChildIdentity m_who;
    const ipc::TaskDefaults m_defaults;
    std::atomic<int> m_taskWorkers; ///< how many there are now
    const tasks::Spill m_spill;
    QObject m_home; ///< in the thread of who hears of answers
    BrokerPort m_port;
    std::atomic<quint64> m_nextId;
    std::once_flag m_listenersOnce;
    QSet<QByteArray> m_events; ///< that somebody listens to
    std::mutex m_pendingMutex;
    std::unordered_map<quint64, Pending> m_pending; ///< guarded by m_pendingMutex
    base::LineThrottle m_refusals;                  ///< in the channel's thread
};

} // namespace Quern::worker
