#include "dispatch/workerentry.h"

#include <utility>

namespace Quern::dispatch {

WorkerEntry::WorkerEntry(std::unique_ptr<WorkerLink> link, quint32 maxConcurrency)
    : m_link(std::move(link))
    , m_maxConcurrency(maxConcurrency)
{
}

metrics::RouteNumber WorkerEntry::routeOf(const PendingRequest &request) const
{
    const quint32 place = request.claim.slot == ipc::NoSlot ? ipc::NoRoute : m_link->ring().route(request.claim);
    return place < m_routeNumbers.size() ? m_routeNumbers[place] : metrics::RequestMeter::NoRoute;
}

quint32 WorkerEntry::load() const
{
    return m_link->ring().masterCounters().inFlight.load(std::memory_order_relaxed);
}

quint64 WorkerEntry::averageNs() const
{
    return m_link->ring().counters().handlerNs.load(std::memory_order_relaxed);
}

std::chrono::nanoseconds WorkerEntry::workUnderWay() const
{
    const quint64 average = averageNs();
    const std::chrono::nanoseconds handlers =
        average == 0 ? PackTime * load() : std::chrono::nanoseconds(average * load());
    // A long answer needs the worker's loop time and again: it should not meet a handler that blocks.
    return handlers + PackTime * m_answering;
}

quint32 WorkerEntry::window() const
{
    const quint64 average = averageNs();
    if (average == 0)
        return 1; // nothing is known yet
    return quint32(qBound<quint64>(1, quint64(WindowTime.count()) / average, MaxWindow));
}

bool WorkerEntry::hasRoom() const
{
    return isActive() && !isBlocked() && m_underWay < window() && m_inFlight < m_maxConcurrency &&
           m_link->ring().freeSlots() > 0 && m_link->isWritable();
}

void WorkerEntry::add(PendingRequest *request)
{
    m_requests.append(request);
    request->worker = this;
    ++m_inFlight;
    ++m_underWay;
    m_link->ring().masterCounters().inFlight.fetch_add(1, std::memory_order_relaxed);
}

void WorkerEntry::markDeferred(PendingRequest *request)
{
    if (request->deferred)
        return;
    request->deferred = true;
    --m_underWay;
    m_link->ring().masterCounters().inFlight.fetch_sub(1, std::memory_order_relaxed);
}

void WorkerEntry::markAnswering(PendingRequest *request)
{
    // Its handler is done: a client that reads slowly takes the place of no other request, nor a slot.
    markDeferred(request);
    m_link->ring().release(request->claim);
    request->claim = {};
    --m_inFlight;
    request->answering = true;
    ++m_answering;
    // To the front, where look() does not pass: there may be thousands of streams.
    m_requests.prepend(request);
}

void WorkerEntry::remove(PendingRequest *request)
{
    markDeferred(request);
    request->deferred = false;
    if (request->answering) {
        --m_answering;
    } else {
        m_link->ring().release(request->claim);
        request->claim = {};
        --m_inFlight;
    }
    static_cast<base::ListNode<QueueTag> *>(request)->unlink();
    request->worker = nullptr;
    const bool isStreaming = request->stream && !request->stream->isEndSent;
    if (request->bodySender || isStreaming) {
        // The worker holds a part of the body and would wait for the rest.
        m_link->sendCancel(request->id);
        request->bodySender.reset();
    }
}

bool WorkerEntry::takeDrained()
{
    if (!m_draining || m_closed || hasRequests())
        return false;
    return !std::exchange(m_drainedTaken, true);
}

void WorkerEntry::sawProgress()
{
    if (m_block == Block::Handler) {
        // A part of a stream does not tell that the handler has ended.
        if (const auto running = m_link->ring().running(); running && running->claimedNs == m_handlerSince)
            return;
    }
    m_block = Block::None;
}

bool WorkerEntry::look(quint64 now, std::chrono::nanoseconds runLimit, std::chrono::nanoseconds startLimit,
                       bool hasEvents)
{
    const ipc::ClaimRing &ring = m_link->ring();
    const quint64 turns = ring.counters().loopTurns.load(std::memory_order_acquire);
    const bool turned = turns != m_lastTurns;
    m_lastTurns = turns;

    if (const auto running = ring.running()) {
        m_stillSince = 0;
        // One that waits for its client again and again holds up what is behind it all the same.
        m_block = now > running->claimedNs + quint64(runLimit.count()) ? Block::Handler : Block::None;
        m_handlerSince = running->claimedNs;
        return isBlocked();
    }
    // Nothing but this look may tell that another reactor's handler has ended.
    if (turned || m_block == Block::Handler) {
        m_stillSince = 0;
        m_block = Block::None;
    }
    if (turned)
        return false;
    const PendingRequest *oldest = nullptr; // that has not been begun
    for (const PendingRequest *each = m_requests.last(); each && !each->answering; each = m_requests.previous(each)) {
        if (ring.state(each->claim) == ipc::ClaimState::Sent)
            oldest = each;
    }
    if (!oldest) {
        // Its events cannot go elsewhere while it lives: all the more somebody has to see that it does nothing.
        if (hasEvents && m_stillSince == 0)
            m_stillSince = now;
        else if (hasEvents && now > m_stillSince + quint64(startLimit.count()))
            m_block = Block::Still;
        return isBlocked();
    }
    // Each time it has been taken back for nothing it gets twice the time, so that it is served in the end.
    const auto limit = quint64(startLimit.count()) << qMin<int>(oldest->takenBack, MaxDoublings);
    if (now > base::toNanoseconds(oldest->sent) + limit) {
        m_block = Block::Still;
        if (m_stillSince == 0)
            m_stillSince = now;
    }
    return isBlocked();
}

} // namespace Quern::dispatch
