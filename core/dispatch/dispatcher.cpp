#include "dispatch/dispatcher.h"

#include "dispatch/eventlanes.h"
#include "dispatch/log.h"

#include <Quern/requestid.h>

namespace Quern::dispatch {

Q_LOGGING_CATEGORY(logDispatch, "quern.dispatch", QtInfoMsg)

namespace {

qint64 bytesOf(const PendingRequest &request)
{
    return request.order.payload.size() + request.order.body.size();
}

} // namespace

Dispatcher::Dispatcher(const DispatchSettings &settings, int reactorId, QObject *parent)
    : QObject(parent)
    , m_settings(settings)
    , m_table(reactorId)
    , m_reactorId(reactorId)
{
    pinAnew();
}

Dispatcher::~Dispatcher() = default;

void Dispatcher::reconfigure(DispatchSettings settings)
{
    settings.mode = m_settings.mode;
    settings.outputBudget = m_settings.outputBudget;
    const bool pinsDiffer = settings.workerNum != m_settings.workerNum;
    m_settings = std::move(settings);
    if (pinsDiffer)
        pinAnew();
    if (m_lanes) {
        m_lanes->setWorkerNum(m_settings.workerNum);
        m_lanes->setRedeliver(m_settings.redeliver);
    }
}

void Dispatcher::setWorkerNum(int workerNum)
{
    DispatchSettings settings = m_settings;
    settings.workerNum = workerNum;
    reconfigure(std::move(settings));
    pump();
}

/// There is another number of workers: what waits for one of them belongs to another.
void Dispatcher::pinAnew()
{
    std::vector<PendingRequest *> waiting;
    for (const auto &queue : m_pinnedQueues) {
        while (PendingRequest *request = queue->first()) {
            dequeue(request);
            waiting.push_back(request);
        }
    }
    m_policy = Policy::create(m_settings.mode, m_settings.workerNum, {m_reactorId, m_settings.reactorNum});
    m_pinnedQueues.clear();
    for (int i = 0; i < m_settings.workerNum; ++i)
        m_pinnedQueues.push_back(std::make_unique<RequestQueue>());
    for (PendingRequest *request : waiting)
        enqueue(request, false);
}

quint64 Dispatcher::submit(RequestOrder order, base::MonotonicTime awaited, ResponseReceiver *receiver)
{
    const qint64 size = order.payload.size() + order.body.size();
    RequestQueue &queue = queueFor(order);
    WorkerEntry *worker = queue.isEmpty() ? m_policy->choose(m_workers, order) : nullptr;
    const bool fits = m_queued < m_settings.queueSize && m_queuedBytes + size <= m_settings.queueBytes;
    PendingRequest *request = m_available && (worker || fits) ? m_table.create() : nullptr;
    if (!request) {
        ++m_counters.refused;
        return 0;
    }
    ++m_counters.requests;
    ++m_counters.inFlight;
    request->receiver = receiver;
    request->order = std::move(order);
    request->awaited = awaited;
    request->queued = awaited;
    if (QByteArray &body = request->order.body; request->order.isStreamed) {
        request->stream = std::make_unique<StreamedBody>();
        // No more than this goes with the request itself.
        request->stream->waiting = body.sliced(qMin(body.size(), ipc::MaxBodyPart));
        body.truncate(ipc::MaxBodyPart);
    }
    m_deadlines.append(request);
    if (worker)
        dispatch(request, worker);
    else
        enqueue(request, false);
    watch();
    return request->id;
}

metrics::RouteNumber Dispatcher::routeOf(const PendingRequest &request)
{
    return request.worker ? request.worker->routeOf(request) : metrics::RequestMeter::RefusedRoute;
}

metrics::RouteNumber Dispatcher::routeOf(quint64 id) const
{
    const PendingRequest *request = m_table.find(id);
    return request ? routeOf(*request) : metrics::RequestMeter::RefusedRoute;
}

void Dispatcher::watch()
{
    if (!m_watch.isActive())
        m_watch.start(int(WatchInterval.count()), Qt::PreciseTimer, this);
}

void Dispatcher::abandon(quint64 id)
{
    PendingRequest *request = m_table.find(id);
    if (!request)
        return;
    request->receiver = nullptr;
    if (!request->isDispatched()) {
        dequeue(request);
        finish(request);
        return;
    }
    WorkerEntry *worker = request->worker;
    const bool notBegun = !request->answering && worker->link().ring().revoke(request->claim);
    if (!notBegun)
        worker->link().sendCancel(id);
    // Once the head of the answer is here the worker does not touch the claim any more.
    if (notBegun || request->answering) {
        finish(request);
        pump();
    }
}

void Dispatcher::grant(quint64 id, quint32 bytes)
{
    const PendingRequest *request = m_table.find(id);
    if (request && request->worker && request->bodyLeft > 0)
        request->worker->link().sendCredit(id, bytes);
}

void Dispatcher::setAvailable(bool available)
{
    m_available = available;
    if (available)
        return;
    const auto failAll = [this](RequestQueue &queue) {
        while (PendingRequest *request = queue.first())
            fail(request, 503);
    };
    failAll(m_queue);
    for (const auto &queue : m_pinnedQueues)
        failAll(*queue);
}

void Dispatcher::eventsDoneReceived(quint64 childId, quint64 sequence)
{
    if (m_lanes)
        m_lanes->eventsDone(childId, sequence);
}

void Dispatcher::commandReceived(quint64 childId, quint64 id, const ipc::CommandMessage &message, bool moreFollow)
{
    if (m_commands)
        m_commands->commandReceived(childId, id, message, moreFollow);
}

void Dispatcher::commandBodyReceived(quint64 childId, QByteArrayView part)
{
    if (m_commands)
        m_commands->commandBodyReceived(childId, part);
}

void Dispatcher::eventsSettled(quint64 childId)
{
    if (WorkerEntry *worker = workerOf(childId))
        checkDrained(worker);
}

bool Dispatcher::isIdle() const
{
    return m_table.size() == 0 && !(m_lanes && m_lanes->isBusy());
}

void Dispatcher::batchEnded(quint64 childId)
{
    if (WorkerEntry *worker = workerOf(childId))
        worker->sawProgress();
    if (m_commands)
        m_commands->commandBatchEnded();
    pump();
    if (m_lanes)
        m_lanes->batchEnded(childId);
}

WorkerEntry *Dispatcher::workerOf(quint64 childId) const
{
    for (const auto &worker : m_workers) {
        if (worker->info().childId == childId)
            return worker.get();
    }
    return nullptr;
}

PendingRequest *Dispatcher::answeredBy(quint64 childId, quint64 requestId) const
{
    PendingRequest *request = m_table.find(requestId);
    const bool fits = request && request->worker && request->worker->info().childId == childId;
    return fits ? request : nullptr;
}

RequestQueue &Dispatcher::queueFor(const RequestOrder &order)
{
    const int pinned = m_policy->pinnedTo(order);
    return pinned < 0 ? m_queue : *m_pinnedQueues[std::size_t(pinned)];
}

void Dispatcher::enqueue(PendingRequest *request, bool atFront)
{
    RequestQueue &queue = queueFor(request->order);
    if (atFront) {
        request->queued = std::chrono::steady_clock::now();
        queue.prepend(request);
    } else {
        queue.append(request);
    }
    ++m_queued;
    m_queuedBytes += bytesOf(*request);
    m_counters.queued = quint64(m_queued);
}

void Dispatcher::dequeue(PendingRequest *request)
{
    if (request->isOwn)
        return;
    static_cast<base::ListNode<QueueTag> *>(request)->unlink();
    --m_queued;
    m_queuedBytes -= bytesOf(*request);
    m_counters.queued = quint64(m_queued);
}

void Dispatcher::pump()
{
    if (m_queued == 0)
        return;
    pump(m_queue);
    for (const auto &queue : m_pinnedQueues)
        pump(*queue);
}

void Dispatcher::pump(RequestQueue &queue)
{
    while (PendingRequest *request = queue.first()) {
        WorkerEntry *worker = m_policy->choose(m_workers, request->order);
        if (!worker)
            return;
        dequeue(request);
        dispatch(request, worker);
    }
}

void Dispatcher::dispatch(PendingRequest *request, WorkerEntry *worker)
{
    WorkerLink &link = worker->link();
    request->claim = *link.ring().acquire(request->id);
    request->sent = std::chrono::steady_clock::now();
    if (m_meter) {
        m_meter->queueWait.record(request->sent - request->queued);
        m_meter->window.record(qMin(worker->window(), m_settings.workerMaxConcurrency));
    }
    worker->add(request);
    const ipc::ClaimTicket ticket = {request->claim.slot, request->claim.sequence, base::toNanoseconds(request->sent),
                                     answerCredit(request)};
    const QByteArray &body = request->order.body;
    const QByteArrayView firstPart = ipc::BodySender::firstPart(body);
    link.sendRequest(request->id, ticket, request->order.payload, firstPart);
    if (request->stream) {
        request->stream->credit = 0;
        // Its worker before this one may have died after all of it had been sent.
        request->stream->isEndSent = false;
        pumpStream(request);
    } else if (firstPart.size() < body.size()) {
        request->bodySender = std::make_unique<ipc::BodySender>(ipc::FrameType::RequestBody, request->id, body,
                                                                firstPart.size(), ipc::RequestCredit);
        if (link.sendBody(*request->bodySender))
            request->bodySender.reset();
    }
}

quint32 Dispatcher::answerCredit(PendingRequest *request)
{
    constexpr qint64 reserved = ipc::AmpleResponseCredit - ipc::ScantResponseCredit;
    const bool isAmple =
        request->output.bytes() >= reserved || request->output.extend(m_settings.outputBudget.get(), reserved);
    return quint32(isAmple ? ipc::AmpleResponseCredit : ipc::ScantResponseCredit);
}

void Dispatcher::appendBody(quint64 id, QByteArrayView bytes)
{
    PendingRequest *request = m_table.find(id);
    if (!request || !request->stream)
        return;
    request->stream->waiting.append(bytes);
    restartDeadline(request);
    pumpStream(request);
}

void Dispatcher::endBody(quint64 id, const QByteArray &trailers)
{
    PendingRequest *request = m_table.find(id);
    if (!request || !request->stream)
        return;
    request->stream->isComplete = true;
    request->stream->trailers = trailers;
    restartDeadline(request);
    pumpStream(request);
}

qsizetype Dispatcher::bodyWaiting(quint64 id) const
{
    const PendingRequest *request = m_table.find(id);
    if (!request || !request->stream)
        return 0;
    // While it waits for a worker its client waits as well: the queue is bounded by what it holds already.
    return request->isDispatched() ? request->stream->waiting.size()
                                   : qMax(request->stream->waiting.size(), ipc::RequestCredit);
}

void Dispatcher::pumpStream(PendingRequest *request)
{
    StreamedBody &stream = *request->stream;
    if (!request->isDispatched())
        return;
    WorkerLink &link = request->worker->link();
    qsizetype sent = 0;
    while (stream.credit > 0 && sent < stream.waiting.size()) {
        const qsizetype size = qMin(ipc::MaxBodyPart, qMin(stream.credit, stream.waiting.size() - sent));
        link.sendBodyPart(request->id, QByteArrayView(stream.waiting).sliced(sent, size));
        stream.credit -= size;
        sent += size;
    }
    stream.waiting.remove(0, sent);
    if (stream.waiting.isEmpty() && stream.isComplete && !std::exchange(stream.isEndSent, true))
        link.sendBodyEnd(request->id, stream.trailers);
}

void Dispatcher::restartDeadline(PendingRequest *request)
{
    if (request->answering || !request->receiver)
        return;
    request->awaited = std::chrono::steady_clock::now();
    static_cast<base::ListNode<DeadlineTag> *>(request)->unlink();
    m_deadlines.append(request);
}

void Dispatcher::detach(PendingRequest *request)
{
    WorkerEntry *worker = request->worker;
    worker->remove(request);
    checkDrained(worker);
}

void Dispatcher::finish(PendingRequest *request)
{
    if (request->worker)
        detach(request);
    if (request->isOwn)
        --m_own;
    else
        --m_counters.inFlight;
    m_table.destroy(request);
}

void Dispatcher::fail(PendingRequest *request, int status)
{
    ResponseReceiver *receiver = request->receiver;
    const quint64 id = request->id;
    const metrics::RouteNumber route = routeOf(*request);
    if (!request->isDispatched())
        dequeue(request);
    finish(request);
    if (receiver)
        receiver->responseFailed(id, status, route);
}

} // namespace Quern::dispatch
