#pragma once

#include "application_p.h"

#include <Quern/testharness.h>

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
    Result<TaskId> deliverAndWait(QByteArrayView name, const Payload &payload, TaskOptions options);
    Delivery fire(QByteArrayView name, const Payload &payload, const TaskOptions &options);
    /// See TestHarness::runTasks().
    int run(std::chrono::milliseconds elapsed);
    QList<TestTask> waiting() const;
    QList<TaskResult> ended() const;

private:
    struct Waiting
    {
        quint64 id = 0;
        QByteArray name;
        bool isEvent = false;
        Payload payload;
        TaskOptions options;
        int attempts = 0;
        quint32 resumeAt = 0;
        std::chrono::milliseconds due{0};
    };

    Delivery add(QByteArrayView name, const Payload &payload, const TaskOptions &options, bool isEvent);
    /// The next one that is due: the one with the highest priority, then the oldest.
    std::optional<Waiting> takeDue();
    int priorityOf(const Waiting &waiting) const;
    void runOne(Waiting waiting);
    WorkEnd tryOnce(const Waiting &waiting, TaskCall &call) const;
    void finish(const Waiting &waiting, Result<Payload> outcome);

    const ApplicationPrivate &m_application;
    mutable std::mutex m_mutex; ///< guards m_waiting, m_keys, m_serial
    std::deque<Waiting> m_waiting;
    QSet<QByteArray> m_keys; ///< of those that wait or run
    quint64 m_serial = 0;
    std::chrono::milliseconds m_now{0};
    QList<TaskResult> m_ended;
};

} // namespace Quern
