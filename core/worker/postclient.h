#pragma once

#include "base/linethrottle.h"
#include "ipc/channel.h"
#include "ipc/postmessages.h"
#include "ipc/processplan.h"
#include "sdk/src/application_p.h"
#include "worker/brokerport.h"

#include <QObject>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace Quern::worker {

/// As the child's code knows it; of the boot child none.
ProcessAddress addressOf(const ipc::ChildIdentity &who);

/// A child's half of pipes, queues and messages: what its code asks for becomes frames to the broker, and what comes
/// back is told to whom it concerns. Any thread, but for what it is told.
class PostClient
{
public:
    /// What the broker has answered.
    struct Answer
    {
        Payload payload;
        quint64 item = 0; ///< of a queue
    };

    /// \a application outlives it and is complete before anything arrives.
    PostClient(const ApplicationPrivate &application, const ipc::ProcessPlan &plan);
    Q_DISABLE_COPY_MOVE(PostClient)

    /// See BrokerPort.
    void attach(ipc::Channel *channel, std::function<void()> outputWaits);
    void detach();

    Outcome call(const ProcessCall &call, const ProcessAnswer &answered);
    Result<Payload> callAndWait(const ProcessCall &call);
    Outcome sendMessage(const ProcessAddress &to, const Payload &payload);

    /// There are so many workers and task workers from now on. Any thread.
    void setPoolSizes(const ipc::PoolSizes &sizes)
    {
        m_workers.store(sizes.workers, std::memory_order_relaxed);
        m_taskWorkers.store(sizes.taskWorkers, std::memory_order_relaxed);
    }

    /// From now on messages come. In the channel's thread.
    void open();
    /// They come no more, and nothing else than answers: when this returns, what the broker had sent before has
    /// arrived, unless it is too busy to say so. In the channel's thread.
    void close();

    // For the function of a custom process, in its thread:
    /// Sends what awaitAnswer() waits for. Returns the id of the request.
    Result<quint64> ask(ipc::PostMessage message);
    /// Waits for the answer that comes by the time limit of the request.
    Result<Answer> awaitAnswer(quint64 id, std::chrono::milliseconds timeout);
    /// The answer is wanted at once. Any thread.
    void hurry(quint64 id);
    /// Whoever awaits the answer does so for \a time from now at most. Any thread.
    void limit(quint64 id, std::chrono::milliseconds time);
    /// Sends what is not answered.
    void tell(const ipc::PostMessage &message);

    // In the channel's thread:
    /// A Post frame.
    void frameReceived(const ipc::Frame &frame);
    /// Whether somebody waits for it in this very moment.
    bool isAwaited(const ipc::Frame &frame) const;

private:
    using Waiter = BrokerWaiter<Answer>;
    /// Who wants to hear of one request.
    struct Pending
    {
        ProcessAnswer answered;
        std::shared_ptr<Waiter> waiter;
    };

    Result<void> check(const ProcessCall &call) const;
    /// How many there are of that role, or of that name.
    int countOf(ipc::ChildRole role, const QString &name) const;
    Result<quint64> send(ipc::PostMessage message, Pending pending);
    Result<quint64> request(const ProcessCall &call, Pending pending);
    std::optional<Pending> takePending(quint64 id);
    void answered(quint64 id, const ipc::PostMessage &message);
    void messageArrived(const ipc::PostMessage &message);
    static void tell(const ProcessAnswer &answered, const Result<Payload> &answer);
    void logRefusal(const Error &error);

    const ApplicationPrivate &m_application;
    const ipc::ProcessPlan m_plan;
    std::atomic<int> m_workers; ///< how many there are now
    std::atomic<int> m_taskWorkers;
    QObject m_home; ///< in the thread of who hears of answers
    BrokerPort m_port;
    ipc::Channel *m_channel = nullptr; ///< in its thread
    std::atomic<quint64> m_nextId = 1;
    mutable std::mutex m_pendingMutex;
    std::unordered_map<quint64, Pending> m_pending; ///< guarded by m_pendingMutex
    bool m_isOpen = false;                          ///< in the channel's thread
    base::LineThrottle m_refusals;                  ///< in the channel's thread
};

} // namespace Quern::worker
