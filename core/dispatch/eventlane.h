#pragma once

#include "dispatch/liveconnection.h"
#include "dispatch/workerentry.h"
#include "ipc/eventgate.h"

#include <utility>

namespace Quern::dispatch {

/// The way of events to one worker: they are sent and begun in order. Lives in its reactor thread.
class EventLane
{
public:
    /// More events, or bytes of them, are not under way in one worker at a time.
    static constexpr int MaxSent = 1024;
    static constexpr qint64 MaxSentBytes = 1024 * 1024;

    explicit EventLane(WorkerEntry *worker) : m_worker(worker) {}

    WorkerEntry *worker() const { return m_worker; }
    quint64 childId() const { return m_worker->info().childId; }
    bool isActive() const { return m_worker->isActive(); }

    void append(LiveEvent *event);
    /// Sends what may be under way. \a noHandler is called for each event whose handler the worker does not have, and
    /// takes it out. Does nothing within that: the call under way goes on with what noHandler() adds.
    template <typename NoHandler>
    void pump(NoHandler noHandler)
    {
        if (std::exchange(m_isPumping, true))
            return;
        while (LiveEvent *event = m_waiting.first()) {
            if (!send(event))
                break;
            if (event->sequence == 0)
                noHandler(event);
        }
        m_isPumping = false;
    }
    /// Whether the worker has a handler for \a connection.
    bool serves(LiveConnection *connection) { return routeOf(connection) != ipc::NoRoute; }
    /// The first event that has been sent, if it has been handled when all up to \a sequence have; else nullptr.
    LiveEvent *firstDone(quint64 sequence) const;
    /// \a event leaves the lane.
    void remove(LiveEvent *event);
    /// The worker begins nothing more. What it has begun stays in the lane; the others, in their order, are moved to
    /// \a unbegun.
    void close(EventList &unbegun);
    /// All that is left, in order.
    void takeAll(EventList &events);

    bool isEmpty() const { return m_sent.isEmpty() && m_waiting.isEmpty(); }
    bool hasWaiting() const { return !m_waiting.isEmpty(); }

private:
    /// False if it has to wait. Its sequence stays 0 if the worker has no handler for it.
    bool send(LiveEvent *event);
    bool sendRest(LiveEvent *event);
    /// Place of the handler in the manifest; NoRoute if it is not there.
    quint32 routeOf(const LiveEvent &event);
    quint32 routeOf(LiveConnection *connection);

    WorkerEntry *m_worker;
    EventList m_waiting;
    EventList m_sent;
    quint64 m_sequence = 0;
    qint64 m_sentBytes = 0;
    int m_sentCount = 0;
    qsizetype m_bodySent = 0; ///< of the first that waits, if that has a sequence already
    bool m_isPumping = false;
};

} // namespace Quern::dispatch
