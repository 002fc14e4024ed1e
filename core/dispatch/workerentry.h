#pragma once

#include "dispatch/pendingrequest.h"
#include "dispatch/workerlink.h"

#include <chrono>
#include <memory>
#include <vector>

namespace Quern::dispatch {

/// One worker in the eyes of one reactor: its link, the requests sent to it, and how many it may have. Lives in the
/// reactor's thread.
class WorkerEntry
{
public:
    /// How much handler time may be under way in one worker before the next request waits in the master instead.
    static constexpr std::chrono::nanoseconds WindowTime = std::chrono::milliseconds(1);
    /// Enough for the cost of a write to vanish; more would only lengthen queues that cannot be shared out again.
    static constexpr quint32 MaxWindow = 64;
    /// How often the time that a request may wait to be begun is doubled.
    static constexpr int MaxDoublings = 8;

    /// While less handler time than this is under way in a worker, more is sent to it rather than to an idle one:
    /// waking another process costs as much as the few quick requests before would make the new one wait.
    static constexpr std::chrono::nanoseconds PackTime = std::chrono::microseconds(50);

    /// \a maxConcurrency bounds the requests in flight, deferred ones included.
    WorkerEntry(std::unique_ptr<WorkerLink> link, quint32 maxConcurrency);

    WorkerLink &link() const { return *m_link; }
    const WorkerInfo &info() const { return m_link->info(); }

    /// Whether it may be given another request now.
    bool hasRoom() const;
    /// Requests that any reactor has sent and that are neither answered nor deferred.
    quint32 load() const;
    /// An estimate of the handler time that its load will take; unknown handlers count as slow.
    std::chrono::nanoseconds workUnderWay() const;
    /// How many of this reactor's requests may be under way at once: many for quick handlers, one for those that block.
    /// Not bounded by what other reactors have sent, or a busy one of them would keep this one out for ever.
    quint32 window() const;

    /// Numbers of its routes for a ReactorMeter, by their places in the manifest.
    void setRouteNumbers(std::vector<metrics::RouteNumber> numbers) { m_routeNumbers = std::move(numbers); }
    /// The number of the route that \a request has been claimed for.
    metrics::RouteNumber routeOf(const PendingRequest &request) const;

    /// Bookkeeping of the requests under way; \a request enters or leaves this worker's list.
    void add(PendingRequest *request);
    void remove(PendingRequest *request);
    void markDeferred(PendingRequest *request);
    void markAnswering(PendingRequest *request);
    RequestQueue &requests() { return m_requests; }
    bool hasRequests() const { return !m_requests.isEmpty(); }

    /// Active workers are chosen for new requests; a draining one finishes what it has.
    bool isActive() const { return m_active && !m_closed; }
    void setActive(bool active) { m_active = active && info().serves; }
    bool isDraining() const { return m_draining; }
    void setDraining()
    {
        m_draining = true;
        m_active = false;
    }
    /// True once: when it is draining and has answered all it had.
    bool takeDrained();
    void setClosed() { m_closed = true; }

    /// Whether it stands still: a handler has been running for longer than \a runLimit, or nothing that was sent has
    /// been begun and its loop has not turned since the last look. \a hasEvents: it is to take events of connections as
    /// well. \a now is monotonic nanoseconds.
    bool look(quint64 now, std::chrono::nanoseconds runLimit, std::chrono::nanoseconds startLimit,
              bool hasEvents = false);
    bool isBlocked() const { return m_block != Block::None; }
    /// A frame has come from it.
    void sawProgress();
    /// Monotonic nanoseconds since which its loop has not turned; 0 if it has.
    quint64 stillSince() const { return m_stillSince; }

private:
    /// Why it gets nothing: a handler runs for long, or it does not begin what it was sent.
    enum class Block { None, Handler, Still };

    quint64 averageNs() const;

    std::unique_ptr<WorkerLink> m_link;
    std::vector<metrics::RouteNumber> m_routeNumbers;
    RequestQueue m_requests; ///< those that are being answered, then the others in the order sent
    quint32 m_maxConcurrency;
    quint32 m_inFlight = 0;  ///< this reactor's requests, deferred ones included, whose answer has not begun
    quint32 m_underWay = 0;  ///< those of them that are not deferred
    quint32 m_answering = 0; ///< those whose answer has begun and is not complete
    quint64 m_lastTurns = 0;
    quint64 m_stillSince = 0;
    quint64 m_handlerSince = 0; ///< when the handler began for which it is blocked
    bool m_active = false;
    bool m_draining = false;
    bool m_drainedTaken = false;
    bool m_closed = false;
    Block m_block = Block::None;
};

} // namespace Quern::dispatch
