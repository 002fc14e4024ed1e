#include "dispatch/eventlanes.h"

#include "dispatch/dispatcher.h"
#include "dispatch/log.h"

#include <QTimerEvent>

#include <algorithm>

namespace Quern::dispatch {

namespace {

/// How often a worker is looked at that does not take what waits for it.
constexpr int retryMilliseconds = 10;

void takeHeld(LiveConnection *connection, EventList &events)
{
    while (LiveEvent *event = connection->held.first())
        events.append(event);
}

} // namespace

EventLanes::EventLanes(Dispatcher *dispatcher, const ReactorPlace &place, DispatchMode mode, int workerNum,
                       EventOwner *owner)
    : QObject(dispatcher) // so that it moves to the reactor's thread with it
    , m_dispatcher(dispatcher)
    , m_place(place)
    , m_owner(owner)
    , m_mode(mode)
    , m_workerNum(workerNum)
{
}

EventLanes::~EventLanes()
{
    EventList left;
    for (const auto &lane : m_lanes)
        lane->takeAll(left);
    while (LiveEvent *event = m_orphanPackets.first())
        left.append(event);
    while (LiveConnection *connection = m_orphans.first()) {
        static_cast<base::ListNode<OrphanTag> *>(connection)->unlink();
        takeHeld(connection, left);
    }
    while (LiveEvent *event = left.first()) {
        if (event->connection)
            takeHeld(event->connection, left);
        delete event;
    }
}

void EventLanes::submit(LiveConnection *connection, std::unique_ptr<LiveEvent> event)
{
    event->connection = connection;
    countUnderWay(1);
    m_totalBytes += event->bytes();
    ++connection->events;
    connection->eventBytes += event->bytes();
    route(connection, event.release());
    m_dispatcher->watch();
}

void EventLanes::submitPacket(std::unique_ptr<LiveEvent> event)
{
    if (m_packetBytes + event->bytes() > MaxPacketBytes) {
        ++m_counters.lostPackets;
        return;
    }
    countUnderWay(1);
    m_packetBytes += event->bytes();
    routePacket(event.release());
    m_dispatcher->watch();
}

void EventLanes::addLostPackets(quint64 number)
{
    addTo(m_counters.lostPackets, number);
}

bool EventLanes::mayRead(LiveConnection *connection)
{
    if (connection->eventBytes >= MaxEventBytes)
        return false;
    if (m_totalBytes < MaxTotalBytes)
        return true;
    m_paused.append(connection);
    return false;
}

void EventLanes::settle(LiveConnection *connection, QByteArrayView address) const
{
    const quint64 turn = connection->home;
    connection->home =
        pinsByAddress() ? qHash(address) : turn * quint64(m_workerNum) + quint64(m_place.ownWorker(turn, m_workerNum));
}

void EventLanes::settleWith(LiveConnection *connection, quint64 childId) const
{
    const EventLane *lane = laneOf(childId);
    if (!lane || pinsByAddress())
        return;
    // With another number of workers they are shared out anew, which the multiple is for.
    const auto workerId = quint64(lane->worker()->info().workerId);
    connection->home = connection->home / quint64(m_workerNum) * quint64(m_workerNum) + workerId;
}

bool EventLanes::pinsByAddress() const
{
    return m_mode == DispatchMode::ByAddress;
}

void EventLanes::resumePaused()
{
    while (m_totalBytes < MaxTotalBytes / 2) {
        LiveConnection *connection = m_paused.first();
        if (!connection)
            return;
        static_cast<base::ListNode<PausedTag> *>(connection)->unlink();
        m_owner->eventsProgressed(connection);
    }
}

EventLane *EventLanes::laneOf(quint64 childId) const
{
    for (const auto &lane : m_lanes) {
        if (lane->childId() == childId)
            return lane.get();
    }
    return nullptr;
}

EventLane *EventLanes::laneOfWorker(int workerId) const
{
    EventLane *chosen = nullptr;
    for (const auto &lane : m_lanes) {
        if (!lane->isActive())
            continue;
        if (lane->worker()->info().workerId >= workerId)
            return lane.get();
        if (!chosen)
            chosen = lane.get();
    }
    return chosen;
}

EventLane *EventLanes::laneFor(const LiveConnection &connection) const
{
    if (connection.handshakeChild != 0) {
        EventLane *lane = laneOf(connection.handshakeChild);
        if (lane && lane->isActive())
            return lane;
    }
    if (m_mode == DispatchMode::ByUser && !connection.user.isEmpty())
        return laneOfWorker(int(qHash(connection.user) % std::size_t(m_workerNum)));
    return laneOfWorker(int(connection.home % quint64(m_workerNum)));
}

void EventLanes::route(LiveConnection *connection, LiveEvent *event)
{
    // Those that are held came before.
    if (!connection->held.isEmpty()) {
        connection->held.append(event);
        return;
    }
    EventLane *lane = laneFor(*connection);
    if (!lane || (connection->inLane > 0 && connection->lane != lane)) {
        connection->held.append(event);
        if (!lane && connection->inLane == 0)
            m_orphans.append(connection);
        return;
    }
    connection->lane = lane;
    ++connection->inLane;
    lane->append(event);
    pump(lane);
}

void EventLanes::routeHeld(LiveConnection *connection)
{
    static_cast<base::ListNode<OrphanTag> *>(connection)->unlink();
    EventList events;
    takeHeld(connection, events);
    while (LiveEvent *event = events.first()) {
        static_cast<base::ListNode<EventTag> *>(event)->unlink();
        route(connection, event);
    }
}

void EventLanes::routePacket(LiveEvent *event)
{
    EventLane *lane = laneOfWorker(m_place.ownWorker(event->home, m_workerNum));
    if (!lane) {
        m_orphanPackets.append(event);
        return;
    }
    lane->append(event);
    pump(lane);
}

void EventLanes::pump(EventLane *lane)
{
    bool isAnyMissing = false;
    lane->pump([&](LiveEvent *event) {
        isAnyMissing = true;
        LiveConnection *connection = event->connection;
        if (connection)
            ++connection->events; // it stays until its owner has heard of it
        finish(lane, event);
        if (!connection)
            return;
        m_owner->handlerMissing(connection);
        release(connection);
    });
    if (lane->hasWaiting() && !m_retry.isActive())
        m_retry.start(retryMilliseconds, this);
    if (isAnyMissing) {
        resumePaused();
        tellIfEmpty();
    }
}

void EventLanes::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_retry.timerId())
        return;
    m_retry.stop();
    for (const auto &lane : m_lanes) {
        if (lane->hasWaiting())
            pump(lane.get());
    }
}

void EventLanes::batchEnded(quint64 childId)
{
    EventLane *lane = laneOf(childId);
    if (lane && lane->hasWaiting())
        pump(lane);
}

void EventLanes::eventsDone(quint64 childId, quint64 sequence)
{
    EventLane *lane = laneOf(childId);
    if (!lane)
        return;
    while (LiveEvent *event = lane->firstDone(sequence)) {
        addTo(m_counters.handled, 1);
        finish(lane, event);
    }
    if (lane->hasWaiting())
        pump(lane);
    resumePaused();
    if (lane->isEmpty())
        m_dispatcher->eventsSettled(childId);
    tellIfEmpty();
}

void EventLanes::finish(EventLane *lane, LiveEvent *event)
{
    LiveConnection *connection = event->connection;
    lane->remove(event);
    if (!connection) {
        forget(event);
        return;
    }
    if (event->kind == ipc::EventKind::Open)
        connection->handshakeChild = 0;
    forget(event);
    leaveLane(connection);
}

void EventLanes::leaveLane(LiveConnection *connection)
{
    ++connection->events;
    if (--connection->inLane == 0 && !connection->held.isEmpty())
        routeHeld(connection);
    release(connection);
}

void EventLanes::release(LiveConnection *connection)
{
    if (--connection->events == 0 && !connection->session)
        m_owner->connectionSettled(connection);
    else
        m_owner->eventsProgressed(connection);
}

void EventLanes::countUnderWay(int more)
{
    m_eventCount += more;
    m_counters.underWay.store(quint64(m_eventCount), std::memory_order_relaxed);
}

void EventLanes::forget(LiveEvent *event)
{
    countUnderWay(-1);
    if (LiveConnection *connection = event->connection) {
        m_totalBytes -= event->bytes();
        --connection->events;
        connection->eventBytes -= event->bytes();
    } else {
        m_packetBytes -= event->bytes();
    }
    delete event;
}

void EventLanes::requeue(EventList &events)
{
    // From the last to the first, each before what its connection holds already: their order stays.
    std::vector<LiveConnection *> connections;
    EventList packets;
    while (LiveEvent *event = events.last()) {
        addTo(m_counters.redelivered, 1);
        LiveConnection *connection = event->connection;
        if (!connection) {
            packets.prepend(event);
            continue;
        }
        connection->held.prepend(event);
        --connection->inLane;
        ++connection->events; // it stays until it has had its turn below
        connections.push_back(connection);
    }
    std::reverse(connections.begin(), connections.end());
    for (LiveConnection *connection : connections) {
        if (connection->inLane == 0)
            routeHeld(connection);
        release(connection);
    }
    while (LiveEvent *event = packets.first()) {
        static_cast<base::ListNode<EventTag> *>(event)->unlink();
        routePacket(event);
    }
}

void EventLanes::workerAdded(WorkerEntry *worker)
{
    const int workerId = worker->info().workerId;
    const auto place = std::find_if(m_lanes.begin(), m_lanes.end(), [workerId](const auto &lane) {
        return lane->worker()->info().workerId > workerId;
    });
    m_lanes.insert(place, std::make_unique<EventLane>(worker));
    workersChanged();
}

void EventLanes::workersChanged()
{
    if (std::none_of(m_lanes.begin(), m_lanes.end(), [](const auto &lane) { return lane->isActive(); }))
        return;
    while (LiveConnection *connection = m_orphans.first())
        routeHeld(connection);
    while (LiveEvent *event = m_orphanPackets.first()) {
        static_cast<base::ListNode<EventTag> *>(event)->unlink();
        routePacket(event);
    }
}

void EventLanes::generationChanged()
{
    workersChanged();
    m_owner->handlersChanged();
}

bool EventLanes::isServed(LiveConnection *connection) const
{
    EventLane *lane = laneFor(*connection);
    return !lane || lane->serves(connection);
}

void EventLanes::workerLeaves(WorkerEntry *worker)
{
    EventLane *lane = laneOf(worker->info().childId);
    if (!lane)
        return;
    EventList unbegun;
    lane->close(unbegun);
    requeue(unbegun);
}

void EventLanes::workerDied(WorkerEntry *worker, const WorkerDeath &death)
{
    const auto place =
        std::find_if(m_lanes.begin(), m_lanes.end(), [worker](const auto &lane) { return lane->worker() == worker; });
    if (place == m_lanes.end())
        return;
    workerLeaves(worker);
    const std::unique_ptr<EventLane> lane = std::move(*place);
    m_lanes.erase(place);
    // One that its handler crashed with would crash the next worker as well.
    const bool again = m_redeliver && death.blamedRoutes.isEmpty();
    EventList begun;
    lane->takeAll(begun);
    EventList repeated;
    int dropped = 0;
    while (LiveEvent *event = begun.first()) {
        LiveConnection *connection = event->connection;
        if (again && ++event->deaths <= MaxDeaths) {
            event->sequence = 0;
            repeated.append(event);
            continue;
        }
        ++dropped;
        static_cast<base::ListNode<EventTag> *>(event)->unlink();
        if (event->kind == ipc::EventKind::Open)
            connection->handshakeChild = 0;
        if (event->kind == ipc::EventKind::Open || event->kind == ipc::EventKind::Connect)
            m_owner->openingLost(connection);
        forget(event);
        if (connection)
            leaveLane(connection);
    }
    requeue(repeated);
    if (dropped > 0) {
        addTo(m_counters.dropped, quint64(dropped));
        qCWarning(logDispatch).noquote().nospace()
            << "worker " << worker->info().workerId << " with pid " << worker->info().pid << " died with " << dropped
            << (dropped == 1 ? " event" : " events") << " of connections that it had begun: dropped";
    }
    resumePaused();
    tellIfEmpty();
}

void EventLanes::tellIfEmpty()
{
    if (!isBusy())
        m_owner->lanesEmptied();
}

bool EventLanes::hasEvents(const WorkerEntry *worker) const
{
    const EventLane *lane = laneOf(worker->info().childId);
    return lane && !lane->isEmpty();
}

} // namespace Quern::dispatch
