#pragma once

#include "base/sharedmemory.h"

#include <Quern/result.h>

#include <QtGlobal>

#include <atomic>
#include <memory>
#include <span>

namespace Quern::ipc {

/// Where one request in flight stands. The child moves Sent → Claimed before it runs a handler; the master may move
/// Sent → Revoked; whoever moves first wins, and the other sees it.
enum class ClaimState : quint8 {
    Free = 0,
    Sent = 1,     ///< on its way; the handler has not begun
    Claimed = 2,  ///< the handler is running
    Deferred = 3, ///< the handler has returned and will answer later
    Done = 4,     ///< answered; the answer may still be on its way to the master
    Revoked = 5,  ///< taken back by the master; the child drops the request when it meets it
};

/// One request in flight. \a word holds sequence << 8 | state, so that a late move for an earlier user of the slot
/// fails.
struct ClaimSlot
{
    std::atomic<quint64> word;
    std::atomic<quint64> requestId;
    std::atomic<quint64> claimedNs; ///< monotonic, when the handler began
    std::atomic<quint32> route;     ///< place in the child's manifest; NoRoute before the claim
    quint32 reserved;
};
static_assert(sizeof(ClaimSlot) == 32);
inline constexpr quint32 NoRoute = 0xffffffff;
inline constexpr quint32 NoSlot = 0xffffffff;
/// In place of a slot while the handler of a connection's event is on the stack.
inline constexpr quint32 EventSlot = 0xfffffffe;
/// The same while a task or the listeners of an event are; the route is its place in HelloMessage::work.
inline constexpr quint32 TaskSlot = 0xfffffffd;

/// What a child tells about itself without being asked. It alone writes; master, metrics and console read.
struct ChildCounters
{
    std::atomic<quint64> loopTurns;        ///< frames taken in between handlers: stands still while the loop is stuck
    std::atomic<quint64> requests;         ///< handlers run to their end
    std::atomic<quint64> handlerNs;        ///< moving average of the handlers' run time
    std::atomic<quint32> currentSlot;      ///< the slot whose handler is on the stack; NoSlot if none, or EventSlot
    std::atomic<quint32> currentRoute;     ///< its place in the manifest
    std::atomic<quint64> currentRequest;   ///< the request that it runs for, whoever has the slot by now
    std::atomic<quint64> currentClaimedNs; ///< monotonic, when it began
    std::atomic<quint64> currentSinceNs;   ///< monotonic, since when it runs without having waited for its client
    std::atomic<quint32> deferredRequests; ///< requests whose handler has returned and will answer later
    std::atomic<quint64> events;           ///< handlers of connections' events run to their end
};

/// What the reactors tell each other about one child.
struct MasterCounters
{
    std::atomic<quint32> inFlight; ///< requests sent by any reactor and neither answered nor deferred
};

/// How far one child has come with the events of one reactor's connections; see EventGate.
struct EventProgress
{
    std::atomic<quint64> word;
};

/// The same with tasks; see TaskGate.
struct TaskProgress
{
    std::atomic<quint64> word; ///< what has begun
    std::atomic<quint64> done; ///< what is done; the child alone writes it
};

/// The memory that the master shares with one child: its counters, its progress with events, the claim ring and the
/// metrics of its plugins. One part of the ring belongs to each reactor thread, so that reactors never compete for
/// slots. Every access is a single atomic operation: a process killed or stopped at any point leaves nothing locked or
/// torn.
class ChildPage
{
public:
    static constexpr quint32 SlotsPerReactor = 1024;
    static constexpr std::size_t MetricBytes = 256 * 1024;

    static Result<ChildPage> create(int reactorCount);
    /// In the child: maps the inherited page.
    static Result<ChildPage> adopt(int fd, int reactorCount);

    int descriptor() const { return m_memory->descriptor(); }
    int reactorCount() const { return m_reactorCount; }
    ChildCounters &counters() const;
    MasterCounters &masterCounters() const;
    EventProgress &eventProgress(int reactorId) const;
    /// How far the child has come with tasks; see TaskGate.
    TaskProgress &taskProgress() const;
    /// All slots; reactor r owns SlotsPerReactor of them from r × SlotsPerReactor.
    std::span<ClaimSlot> claimSlots() const;
    /// MetricBytes for what plugins count, zero-filled at first; they take memory as far as they are used. The child
    /// alone writes there. Keeps the page mapped, even when this has gone.
    std::shared_ptr<void> metricArea() const;

private:
    ChildPage(base::SharedMemory memory, int reactorCount);
    static std::size_t bytesFor(int reactorCount);

    std::shared_ptr<base::SharedMemory> m_memory;
    int m_reactorCount = 0;
};

/// The two halves of a slot's word.
inline ClaimState stateOf(quint64 word)
{
    return ClaimState(word & 0xff);
}
inline quint32 sequenceOf(quint64 word)
{
    return quint32(word >> 8);
}
inline quint64 makeWord(quint32 sequence, ClaimState state)
{
    return quint64(sequence) << 8 | quint64(state);
}

/// Moves \a slot from \a from to \a to if it still belongs to \a sequence and stands at \a from.
inline bool moveClaim(ClaimSlot &slot, quint32 sequence, ClaimState from, ClaimState to)
{
    quint64 expected = makeWord(sequence, from);
    return slot.word.compare_exchange_strong(expected, makeWord(sequence, to), std::memory_order_acq_rel);
}

} // namespace Quern::ipc
