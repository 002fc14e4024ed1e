#pragma once

#include "application_p.h"

#include <Quern/testharness.h>

#include <QObject>
#include <QSet>

#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

namespace Quern {

/// The task queue of a TestHarness: what is delivered waits until it is run, by a clock that the test moves. Any thread
/// delivers; the rest is for the main thread.
class TestTasks
{
public:
    explicit TestTasks(const ApplicationPrivate &application) : m_application(application) {}
    Q_DISABLE_COPY_MOVE(TestTasks)

    Delivery deliver(QByteArrayView name, const Payload &payload, const TaskOptions &options);
    Result<TaskId> deliverAndWait(QByteArrayView name, const Payload &payload, const TaskOptions &options);
    Delivery fire(QByteArrayView name, const Payload &payload, const TaskOptions &options);
    /// See TestHarness::runTasks().
    int run(std::chrono::milliseconds elapsed);
    QList<TestTask> waiting() const;
    QList<TaskResult> ended() const;
    /// Tells now what the event loop would tell of deliveries.
    void tellPending();

private:
    struct Waiting
    {
        TestTask task; ///< as the test sees it, but for "due"
        TaskOptions options;
        std::chrono::milliseconds due{0}; ///< by m_now
        quint32 resumeAt = 0;
        bool isWorkers = false; ///< a worker has delivered it, and hears how it ends
    };
    /// What deliver() returns, and what the server says of it afterwards.
    struct Added
    {
        Result<TaskId> delivered;
        Result<TaskId> accepted;
    };

    Added add(QByteArrayView name, const Payload &payload, const TaskOptions &options, bool isEvent, bool isAwaited);
    Result<void> check(QByteArrayView name, const Payload &payload, const TaskOptions &options, bool isEvent) const;
    Waiting waitingFor(quint64 id, QByteArrayView name, const Payload &payload, const TaskOptions &options,
                       bool isEvent) const;
    /// Tells of one that is not accepted.
    void refuse(const Waiting &refused, const Error &error);
    /// The next one that is due by \a end, with the clock at its time: of several the one with the highest priority,
    /// then the oldest. Without one the clock is at \a end.
    std::optional<Waiting> takeDue(std::chrono::milliseconds end);
    void runOne(Waiting waiting);
    WorkEnd tryOnce(const Waiting &waiting, TaskCall &call) const;
    void finish(const Waiting &waiting, Result<Payload> outcome);
    /// Has it called by the event loop.
    void later(std::function<void()> call);
    static void tellAccepted(const TaskOptions &options, const Result<TaskId> &accepted);
    void tellEnd(const Waiting &waiting, const TaskResult &result) const;

    const ApplicationPrivate &m_application;
    QObject m_home;             ///< in the main thread
    mutable std::mutex m_mutex; ///< guards what follows
    std::deque<Waiting> m_waiting;
    QSet<QByteArray> m_keys; ///< of those that wait or run
    quint64 m_serial = 0;
    std::chrono::milliseconds m_now{0};
    QList<TaskResult> m_ended;
};

} // namespace Quern
