#pragma once

#include "ipc/taskgate.h"
#include "tasks/brokerlink.h"
#include "tasks/taskrecord.h"
#include "tasks/taskstore.h"

#include <QRandomGenerator>

#include <chrono>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace Quern::tasks {

/// The way of tasks to one task worker: they are sent and begun in order. Lives in the broker's thread.
class TaskLane
{
public:
    /// While less work than this is under way in a task worker, it gets more, so that quick tasks travel in batches.
    static constexpr std::chrono::nanoseconds WindowTime = std::chrono::milliseconds(1);
    static constexpr quint64 MaxWindow = 256;
    /// No more bytes of payloads are under way in one task worker.
    static constexpr qint64 MaxSentBytes = 1024 * 1024;
    /// What waits behind a task that runs for longer than this goes to another task worker; so does what waits for one
    /// that does nothing.
    static constexpr std::chrono::milliseconds StuckAfter = std::chrono::milliseconds(20);
    /// A task worker that has been sent tasks and does nothing for so long is given up, however long these may run: it
    /// is stopped, or its loop is blocked by what is no task. Handlers of messages that take their time, and machines
    /// that are short of theirs, are done sooner.
    static constexpr std::chrono::milliseconds GivenUpAfter = std::chrono::seconds(10);

    struct Sent
    {
        TaskStore *store = nullptr;
        const TaskRecord *record = nullptr; ///< good until the store hears of its end
        quint64 sequence = 0;
        qint64 bytes = 0;
    };

    explicit TaskLane(BrokerLink &link) : m_link(link), m_gate(link.page()) {}
    Q_DISABLE_COPY_MOVE(TaskLane)

    BrokerLink &link() { return m_link; }
    const LinkInfo &info() const { return m_link.info(); }

    /// How many more it may be sent now.
    qsizetype room() const;
    bool isEmpty() const { return m_sent.empty(); }
    std::size_t load() const { return m_sent.size(); }
    void send(TaskStore &store, const TaskRecord &record, bool wantsFinish);
    /// A try has ended: takes it out. nullopt if it is not known, since it was taken back before.
    std::optional<Sent> take(quint64 sequence);
    /// The task that is on its stack, and since when, in monotonic nanoseconds.
    struct Running
    {
        const Sent *sent = nullptr;
        quint64 sinceNs = 0;
    };
    std::optional<Running> running() const;
    /// Takes what it has not begun, in order. It gets more when room() says so.
    std::vector<Sent> takeBack();
    /// For how long it has done nothing, though it was sent tasks and none is on its stack; zero if it goes on. To be
    /// asked every now and then: time in which nobody asks hardly counts, since it may be this process that was
    /// stopped.
    std::chrono::nanoseconds standstill(quint64 nowNs);
    /// The same as takeBack(), and it gets no more before it goes on. The next time it is to be given twice the time.
    std::vector<Sent> takeBackFromStill();
    /// How long it may stand still before that.
    std::chrono::milliseconds patience() const { return m_patience; }
    /// True once: it is given up.
    bool takeGivenUp() { return !std::exchange(m_givenUp, true); }
    /// Whether tasks were taken back from it, and it has not gone on since.
    bool isStill() const { return m_isStill; }
    /// Whether there is something to watch.
    bool isWatched() const { return !m_sent.empty() || m_isStill; }

    /// It begins nothing more. Returns what it has not begun, in order.
    std::vector<Sent> close();
    /// What it has begun and told no end of: for when it is dead.
    std::vector<Sent> takeAll();
    /// How much of that is done.
    ipc::TaskGate::Done done() const { return m_gate.done(); }

    bool isActive() const { return m_active && !m_draining && !m_closed; }
    void setActive(bool active) { m_active = active; }
    bool isDraining() const { return m_draining; }
    void setDraining() { m_draining = true; }
    /// True once: when it is draining and has ended all it had.
    bool takeDrained();
    bool isBlocked() const { return m_blocked; }
    void setBlocked(bool blocked) { m_blocked = blocked; }
    /// How many tasks it has run, once: when they are \a limit, and as much of \a grace more as it has drawn. Else 0.
    quint64 takeUsedUp(quint64 limit, quint64 grace);
    /// What is told of a task that it is killed for.
    QString timedOut;

private:
    /// What changes while it does anything.
    struct Pulse
    {
        quint64 begun = 0;
        quint64 ended = 0;
        quint64 loopTurns = 0;

        bool operator==(const Pulse &) const = default;
    };

    Pulse pulse() const;
    bool hasTaskOnStack() const;
    std::vector<Sent> takeBehind(quint64 begun);

    BrokerLink &m_link;
    ipc::TaskGate m_gate;
    std::deque<Sent> m_sent;
    quint64 m_sequence = 0;
    quint64 m_ended = 0;
    qint64 m_sentBytes = 0;
    bool m_active = false;
    bool m_draining = false;
    bool m_drainedTaken = false;
    bool m_closed = false;
    bool m_blocked = false;
    bool m_usedUpTaken = false;
    const double m_share = QRandomGenerator::global()->generateDouble(); ///< of the grace
    Pulse m_pulse;
    quint64 m_lookedNs = 0; ///< when standstill() was asked last; 0: not since it was sent the first of its tasks
    std::chrono::nanoseconds m_still{0};
    std::chrono::milliseconds m_patience = StuckAfter;
    bool m_isStill = false;
    bool m_givenUp = false;
};

} // namespace Quern::tasks
