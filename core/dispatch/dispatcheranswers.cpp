// The half of Dispatcher that brings answers back: those of workers, and those that the server has itself.

#include "dispatch/dispatcher.h"
#include "dispatch/log.h"

#include <Quern/requestid.h>

namespace Quern::dispatch {

void Dispatcher::responseReceived(quint64 childId, quint64 requestId, const ipc::ResponseMessage &message)
{
    PendingRequest *request = answeredBy(childId, requestId);
    if (!request || request->answering)
        return;
    const bool isWholeAtOnce = message.kind != ipc::ResponseKind::Whole && message.kind != ipc::ResponseKind::Streamed;
    if (isWholeAtOnce && quint64(message.bodyPart.size()) != message.bodyLength) {
        qCWarning(logDispatch).noquote() << "request" << RequestId::text(requestId) << "is answered 500: worker"
                                         << request->worker->info().workerId
                                         << "sent a part of what crosses as a whole";
        request->worker->link().sendCancel(requestId);
        fail(request, 500);
        return;
    }
    ResponseReceiver *receiver = request->receiver;
    const metrics::RouteNumber route = routeOf(*request); // before it loses its claim
    request->worker->markAnswering(request);
    request->isAnswerStreamed = message.kind == ipc::ResponseKind::Streamed;
    request->isAnswerLengthKnown = message.bodyLength != ipc::UnknownLength;
    request->bodyLeft = message.bodyLength - quint64(message.bodyPart.size());
    // The deadline is for the handler; a slow reader has the send timeout.
    static_cast<base::ListNode<DeadlineTag> *>(request)->unlink();
    OutputReservation output = std::move(request->output);
    ResponseStart start;
    start.status = message.status;
    start.kind = message.kind;
    start.bodyLength = message.bodyLength;
    start.headerBlock = message.headerBlock;
    start.bodyPart = message.bodyPart;
    start.workerId = request->worker->info().workerId;
    start.worker = &request->worker->info();
    start.route = route;
    start.output = &output;
    const bool isComplete = request->bodyLeft == 0 && !request->isAnswerStreamed;
    if (isComplete || !receiver) {
        if (!isComplete || (!receiver && message.kind == ipc::ResponseKind::Upgrade))
            request->worker->link().sendCancel(requestId);
        finish(request);
    }
    if (receiver)
        receiver->responseStarted(requestId, start);
    // The receiver may have given it up by now.
    if (isComplete || !receiver || !(request = answeredBy(childId, requestId)) || !request->worker->isDraining())
        return;
    receiver->workerLeaves(requestId);
}

void Dispatcher::responseBodyReceived(quint64 childId, quint64 requestId, QByteArrayView part)
{
    PendingRequest *request = answeredBy(childId, requestId);
    if (!request || !request->answering)
        return;
    ResponseReceiver *receiver = request->receiver;
    if (quint64(part.size()) > request->bodyLeft) {
        qCWarning(logDispatch) << "worker" << request->worker->info().workerId
                               << "sent more than the body it announced";
        request->worker->link().sendCancel(requestId);
        finish(request);
        receiver->responseBroken(requestId);
        return;
    }
    request->bodyLeft -= quint64(part.size());
    if (request->bodyLeft == 0 && !request->isAnswerStreamed)
        finish(request);
    receiver->responseContinued(requestId, part);
}

void Dispatcher::responseEndReceived(quint64 childId, quint64 requestId, QByteArrayView trailers)
{
    PendingRequest *request = answeredBy(childId, requestId);
    if (!request || !request->isAnswerStreamed)
        return;
    ResponseReceiver *receiver = request->receiver;
    const bool isShort = request->isAnswerLengthKnown && request->bodyLeft > 0;
    finish(request);
    if (isShort) {
        qCWarning(logDispatch) << "request" << RequestId::text(requestId) << "got less of an answer than announced";
        receiver->responseBroken(requestId);
    } else {
        receiver->responseEnded(requestId, trailers);
    }
}

void Dispatcher::responseAbortReceived(quint64 childId, quint64 requestId)
{
    PendingRequest *request = answeredBy(childId, requestId);
    if (!request || !request->isAnswerStreamed)
        return;
    ResponseReceiver *receiver = request->receiver;
    finish(request);
    receiver->responseBroken(requestId);
}

void Dispatcher::deferredReceived(quint64 childId, quint64 requestId)
{
    if (PendingRequest *request = answeredBy(childId, requestId); request && !request->answering)
        request->worker->markDeferred(request);
}

void Dispatcher::creditReceived(quint64 childId, quint64 requestId, quint32 bytes)
{
    PendingRequest *request = answeredBy(childId, requestId);
    if (request && request->stream) {
        request->stream->credit += bytes;
        restartDeadline(request);
        pumpStream(request);
        if (request->receiver)
            request->receiver->bodyProgressed(requestId);
        return;
    }
    if (!request || !request->bodySender)
        return;
    request->sent = std::chrono::steady_clock::now();
    request->bodySender->grant(bytes);
    if (request->worker->link().sendBody(*request->bodySender))
        request->bodySender.reset();
}

quint64 Dispatcher::submitOwn(base::MonotonicTime awaited, ResponseReceiver *receiver)
{
    PendingRequest *request = m_own < MaxOwn ? m_table.create() : nullptr;
    if (!request)
        return 0;
    ++m_own;
    request->isOwn = true;
    request->receiver = receiver;
    request->awaited = awaited;
    m_deadlines.append(request);
    watch();
    Q_EMIT ownRequested(request->id);
    return request->id;
}

void Dispatcher::answerOwn(quint64 id, QByteArrayView type, QByteArrayView body)
{
    PendingRequest *request = m_table.find(id);
    if (!request || !request->isOwn)
        return;
    ResponseReceiver *receiver = request->receiver;
    OutputReservation output;
    // Clients that do not read must not pile it up.
    const bool fits = output.extend(m_settings.outputBudget.get(), body.size());
    finish(request);
    if (!fits) {
        receiver->responseFailed(id, 503, metrics::RequestMeter::RefusedRoute);
        return;
    }
    const QByteArray headerBlock = "Content-Type: " + type.toByteArray() + "\r\nCache-Control: no-store\r\n";
    ResponseStart start;
    start.bodyLength = quint64(body.size());
    start.headerBlock = headerBlock;
    start.bodyPart = body;
    start.workerId = -1;
    start.route = metrics::RequestMeter::StaticRoute;
    start.output = &output;
    receiver->responseStarted(id, start);
}

} // namespace Quern::dispatch
