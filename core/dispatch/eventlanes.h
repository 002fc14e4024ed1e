#pragma once

#include "dispatch/eventlane.h"
#include "dispatch/reactorplace.h"

#include <QBasicTimer>
#include <QObject>

#include <atomic>
#include <memory>
#include <vector>

namespace Quern::dispatch {

class Dispatcher;
enum class DispatchMode;
struct WorkerDeath;

/// Hears what becomes of events. Called in the reactor's thread.
class EventOwner
{
public:
    virtual ~EventOwner() = default;
    /// Fewer events of \a connection are under way: more may be read.
    virtual void eventsProgressed(LiveConnection *connection) = 0;
    /// Its last event has been handled, or given up, and it is closed.
    virtual void connectionSettled(LiveConnection *connection) = 0;
    /// No worker has a handler for it any more.
    virtual void handlerMissing(LiveConnection *connection) = 0;
    /// A dying worker had begun to open \a connection.
    virtual void openingLost(LiveConnection *connection) { Q_UNUSED(connection) }
    /// No event is under way any more.
    virtual void lanesEmptied() {}
    /// The workers that are active now may have other handlers: see isServed().
    virtual void handlersChanged() = 0;
};

/// Counted by the reactor, read by any thread.
struct EventCounters
{
    std::atomic<quint64> underWay = 0; ///< taken, and neither handled nor given up
    std::atomic<quint64> handled = 0;
    std::atomic<quint64> dropped = 0;     ///< a dying worker had begun them
    std::atomic<quint64> redelivered = 0; ///< not begun, or to be begun twice, and given to another worker
    std::atomic<quint64> lostPackets = 0; ///< datagrams that found no room
};

/// Brings events of connections to workers: those of one connection in order, and by the same worker while it has any
/// under way. A worker that dies, or is to leave, keeps what it has begun; the rest goes elsewhere. Lives in its
/// reactor thread.
class EventLanes final : public QObject
{
    Q_OBJECT
public:
    /// A connection that has as much under way, in bytes, is not read from; see mayRead().
    static constexpr qint64 MaxEventBytes = 256 * 1024;
    /// The same for all connections of the reactor together.
    static constexpr qint64 MaxTotalBytes = 64 * 1024 * 1024;
    /// One worker that died with an event was an accident, and so was the second: see setRedeliver().
    static constexpr quint8 MaxDeaths = 2;
    /// Datagrams that wait, in bytes; more are dropped.
    static constexpr qint64 MaxPacketBytes = 4 * 1024 * 1024;

    EventLanes(Dispatcher *dispatcher, const ReactorPlace &place, DispatchMode mode, int workerNum, EventOwner *owner);
    ~EventLanes() override;

    /// Takes an event of a connection: it is handled after those before.
    void submit(LiveConnection *connection, std::unique_ptr<LiveEvent> event);
    /// The same for a datagram. Dropped, and counted, if too many wait.
    void submitPacket(std::unique_ptr<LiveEvent> event);
    /// Whether more events of \a connection may be made; eventsProgressed() follows if not.
    bool mayRead(LiveConnection *connection);
    /// Chooses the worker that serves a new connection of \a address, as long as nothing else pins it.
    void settle(LiveConnection *connection, QByteArrayView address) const;
    /// \a connection is served by the worker \a childId, or whoever takes its place, as long as nothing else pins it.
    void settleWith(LiveConnection *connection, quint64 childId) const;
    /// Whether connections of one address belong to one worker.
    bool pinsByAddress() const;
    /// There are to be so many workers.
    void setWorkerNum(int workerNum) { m_workerNum = workerNum; }
    /// Whether an event that a dying worker had begun goes to another.
    void setRedeliver(bool redeliver) { m_redeliver = redeliver; }

    // What the dispatcher hears of its workers.
    void workerAdded(WorkerEntry *worker);
    /// Those of another generation are active now.
    void generationChanged();
    /// False if the active workers have no handler for \a connection.
    bool isServed(LiveConnection *connection) const;
    /// It is to leave, or its channel is closed: it begins nothing more.
    void workerLeaves(WorkerEntry *worker);
    void workerDied(WorkerEntry *worker, const WorkerDeath &death);
    void eventsDone(quint64 childId, quint64 sequence);
    /// Its channel may take more.
    void batchEnded(quint64 childId);
    bool hasEvents(const WorkerEntry *worker) const;
    /// Whether anything is under way.
    bool isBusy() const { return m_eventCount > 0; }

    void addLostPackets(quint64 number);
    const EventCounters &counters() const { return m_counters; }

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    EventLane *laneOf(quint64 childId) const;
    EventLane *laneFor(const LiveConnection &connection) const;
    /// The lane of a worker, or of the one that stands in for it while it is being replaced.
    EventLane *laneOfWorker(int workerId) const;
    /// Gives its event to a lane, or holds it.
    void route(LiveConnection *connection, LiveEvent *event);
    void routeHeld(LiveConnection *connection);
    void routePacket(LiveEvent *event);
    /// Events that have not been begun go elsewhere, in their order.
    void requeue(EventList &events);
    void pump(EventLane *lane);
    /// It has been handled, or given up.
    void finish(EventLane *lane, LiveEvent *event);
    void leaveLane(LiveConnection *connection);
    /// The counterpart of counting one event more, so that the connection outlives what is done with it.
    void release(LiveConnection *connection);
    /// Takes it off all counts and frees it.
    void forget(LiveEvent *event);
    void countUnderWay(int more);
    void resumePaused();
    void tellIfEmpty();
    /// Others are active now.
    void workersChanged();

    Dispatcher *m_dispatcher;
    const ReactorPlace m_place;
    EventOwner *m_owner;
    DispatchMode m_mode;
    int m_workerNum;
    bool m_redeliver = false;
    std::vector<std::unique_ptr<EventLane>> m_lanes;          ///< sorted by worker number
    base::IntrusiveList<LiveConnection, OrphanTag> m_orphans; ///< with events that no worker takes for now
    EventList m_orphanPackets;
    base::IntrusiveList<LiveConnection, PausedTag> m_paused; ///< not read from while all have too much under way
    qint64 m_totalBytes = 0;
    qint64 m_packetBytes = 0;
    qint64 m_eventCount = 0;
    EventCounters m_counters;
    QBasicTimer m_retry;
};

} // namespace Quern::dispatch
