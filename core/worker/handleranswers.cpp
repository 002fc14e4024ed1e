// The half of HandlerHost that sends answers.

#include "base/clock.h"
#include "sdk/src/exceptiontext_p.h"
#include "worker/handlerport.h"
#include "worker/log.h"

#include <Quern/requestid.h>

#include <QtEndian>

namespace Quern::worker {

namespace {

/// A header section beyond this is a defect of the application, in bytes.
constexpr qsizetype maxHeaderBlock = 64 * 1024;
/// What an error page shows of what went wrong, in characters: it crosses as a whole. Enough for what an exception says
/// and for the route that it left.
constexpr qsizetype maxDetail = 8 * 1024;

} // namespace

HandlerHost::Exchange HandlerHost::exchangeOf(quint64 id) const
{
    for (const Exchange &running : m_running) {
        if (running.id == id)
            return running;
    }
    const auto open = m_open.find(id);
    return open != m_open.end() && open->second.response ? open->second.exchange : Exchange();
}

void HandlerHost::responseReady(quint64 id, const Answer &answer)
{
    const Exchange exchange = exchangeOf(id);
    if (!exchange.port) {
        // It was cancelled.
        if (answer.stream)
            callAuthor(id, answer.stream->close());
        return;
    }
    closeExchange(id);
    for (Exchange &running : m_running) {
        if (running.id == id)
            running.port = nullptr; // answered: nothing more is sent for it
    }
    m_claims.finish(exchange.ticket.slot, exchange.ticket.sequence);
    sendAnswer(exchange, answer);
    const auto open = m_open.find(id);
    if (open == m_open.end() || !open->second.stream)
        StreamedBodies::discard(*exchange.request);
}

void HandlerHost::responseDropped(quint64 id)
{
    const Exchange exchange = exchangeOf(id);
    if (!exchange.port)
        return;
    const QString place = Pipeline::placeOf(*exchange.request);
    qCCritical(logWorker).noquote().nospace()
        << "request " << RequestId::text(id) << " (" << place << ") was deferred and then forgotten: answered 500";
    responseReady(id, internalError(QStringLiteral("the response was deferred and then forgotten (%1)").arg(place)));
}

void HandlerHost::sendAnswer(const Exchange &exchange, Answer answer)
{
    std::unique_ptr<ContentEncoder> encoder = prepareAnswer(exchange, answer);
    ipc::ResponseMessage message;
    message.status = quint16(answer.status);
    message.headerBlock = answer.headerBlock;
    switch (answer.kind) {
    case Answer::Kind::Stream:
        beginStream(exchange, answer, message, std::move(encoder));
        break;
    case Answer::Kind::File:
        answer.body = ipc::FileAnswer{answer.file.device, answer.file.inode, answer.file.path}.encode();
        message.kind = ipc::ResponseKind::File;
        sendBody(exchange, answer, message);
        break;
    case Answer::Kind::ErrorPage:
        message.kind = ipc::ResponseKind::Error;
        sendBody(exchange, answer, message);
        break;
    case Answer::Kind::Whole:
        sendBody(exchange, answer, message);
        break;
    case Answer::Kind::Upgrade:
        answer.body.resize(sizeof(quint32));
        qToLittleEndian(quint32(exchange.request->routeNumber), answer.body.data());
        message.kind = ipc::ResponseKind::Upgrade;
        message.status = 200; // the master writes a 101
        m_live.keep(exchange.request);
        sendBody(exchange, answer, message);
        break;
    }
    outputWaits();
}

std::unique_ptr<ContentEncoder> HandlerHost::prepareAnswer(const Exchange &exchange, Answer &answer)
{
    try {
        const QString problem = m_pipeline.generated(exchange.request.data(), exchange.response.data(), this, answer);
        if (!problem.isEmpty())
            qCWarning(logWorker).noquote().nospace() << "request " << RequestId::text(exchange.id) << ": "
                                                     << Pipeline::withPlace(problem, *exchange.request);
    } catch (...) {
        const QString problem = textOfCurrentException();
        qCCritical(logWorker).noquote().nospace()
            << "request " << RequestId::text(exchange.id) << " (" << Pipeline::placeOf(*exchange.request)
            << ") has an answer that a hook threw at: " << problem;
        if (answer.stream)
            answer.stream->release();
        answer = internalError(problem);
    }
    std::unique_ptr<ContentEncoder> encoder;
    try {
        if (answer.kind == Answer::Kind::Whole)
            m_compression.applyToWhole(answer, *exchange.request);
        else if (answer.kind == Answer::Kind::Stream)
            encoder = m_compression.applyToStream(answer, *exchange.request);
    } catch (...) {
        qCCritical(logWorker).noquote() << "request" << RequestId::text(exchange.id)
                                        << "is answered without compression:" << textOfCurrentException();
    }
    if (answer.headerBlock.size() > maxHeaderBlock) {
        qCCritical(logWorker).noquote() << "request" << RequestId::text(exchange.id) << "was answered with"
                                        << answer.headerBlock.size() << "bytes of header fields; at most"
                                        << maxHeaderBlock << "are possible";
        if (answer.stream)
            answer.stream->release();
        answer = internalError(QStringLiteral("the header fields of the answer are too long"));
    }
    return encoder;
}

void HandlerHost::sendBody(const Exchange &exchange, const Answer &answer, ipc::ResponseMessage message)
{
    ipc::Channel &channel = exchange.port->channel();
    message.bodyLength = quint64(answer.body.size());
    message.bodyPart = ipc::BodySender::firstPart(answer.body);
    channel.sendWith([&](QByteArray &out) { ipc::appendResponseHead(out, exchange.id, message); },
                     ipc::SharedBytes::of(answer.body, message.bodyPart));
    if (message.bodyPart.size() == answer.body.size())
        return;
    auto sender = std::make_unique<ipc::BodySender>(ipc::FrameType::ResponseBody, exchange.id, answer.body,
                                                    message.bodyPart.size(), qsizetype(exchange.ticket.responseCredit));
    if (sender->pump(channel))
        return;
    OpenExchange &open = m_open[exchange.id];
    open.exchange = exchange;
    open.sender = std::move(sender);
}

void HandlerHost::beginStream(const Exchange &exchange, const Answer &answer, ipc::ResponseMessage message,
                              std::unique_ptr<ContentEncoder> encoder)
{
    ipc::Channel &channel = exchange.port->channel();
    message.kind = ipc::ResponseKind::Streamed;
    message.bodyLength = encoder ? ipc::UnknownLength : answer.stream->settings().length.value_or(ipc::UnknownLength);
    channel.sendWith([&](QByteArray &out) { ipc::appendResponseHead(out, exchange.id, message); });
    if (exchange.isHead || answer.status == 204 || answer.status == 205 || answer.status == 304) {
        // Such an answer ends with its head (RFC 9112 §6.3, RFC 9110 §15.3.6).
        channel.send(ipc::FrameType::ResponseEnd, exchange.id);
        callAuthor(exchange.id, answer.stream->close());
        return;
    }
    OpenExchange &open = m_open[exchange.id];
    open.exchange = exchange;
    // A stream goes on for as long as its client reads: what little is on its way need not be more than a part.
    const auto credit = qMin(exchange.ticket.responseCredit, quint32(ipc::MaxBodyPart));
    open.stream = std::make_unique<StreamSender>(exchange.id, answer.stream, std::move(encoder), credit);
    streamWritten(exchange.id);
}

void HandlerHost::streamWritten(quint64 id)
{
    const auto open = m_open.find(id);
    if (open == m_open.end() || !open->second.stream)
        return;
    const StreamSender::Progress progress = open->second.stream->pump(open->second.exchange.port->channel());
    if (!progress.problem.isEmpty())
        qCCritical(logWorker).noquote().nospace()
            << "request " << RequestId::text(id) << " (" << Pipeline::placeOf(*open->second.exchange.request)
            << "): its stream is broken off: " << progress.problem;
    if (progress.ended) {
        StreamedBodies::discard(*open->second.exchange.request);
        closeExchange(id);
    }
    outputWaits();
    callAuthor(id, progress.next);
}

void HandlerHost::streamAwaited()
{
    m_claims.sawClient(base::nowNanoseconds());
    for (const auto &port : m_ports)
        port->channel().readAhead();
}

void HandlerHost::callAuthor(quint64 id, const std::function<void()> &callback)
{
    if (!callback)
        return;
    try {
        callback();
    } catch (...) {
        authorFailed(id, textOfCurrentException());
    }
}

void HandlerHost::authorFailed(quint64 id, const QString &problem)
{
    const Exchange waiting = exchangeOf(id);
    if (waiting.port) {
        failed(waiting, problem);
        return;
    }
    const auto open = m_open.find(id);
    const QString place = open == m_open.end()
                              ? QString() // its answer has left
                              : QStringLiteral(" (%1)").arg(Pipeline::placeOf(*open->second.exchange.request));
    qCCritical(logWorker).noquote().nospace()
        << "request " << RequestId::text(id) << place << ": a callback of its stream threw: " << problem;
    if (open != m_open.end() && open->second.stream)
        open->second.stream->fail();
}

void HandlerHost::closeExchange(quint64 id)
{
    // Taken out before it is destroyed: with it go callbacks of the author, which may own handles of other exchanges.
    const auto closed = m_open.extract(id);
}

void HandlerHost::creditArrived(const ipc::Frame &frame)
{
    const auto open = m_open.find(frame.id);
    const Result<quint32> bytes = ipc::creditOf(frame.payload);
    if (!bytes || open == m_open.end())
        return;
    if (open->second.stream) {
        open->second.stream->grant(*bytes);
        streamWritten(frame.id);
    } else if (open->second.sender) {
        open->second.sender->grant(*bytes);
        if (open->second.sender->pump(open->second.exchange.port->channel()))
            closeExchange(frame.id);
    }
}

bool HandlerHost::isUrgent(const ipc::Frame &frame) const
{
    if (frame.type != ipc::FrameType::Credit && frame.type != ipc::FrameType::Cancel)
        return false;
    const auto open = m_open.find(frame.id);
    return open != m_open.end() && open->second.stream;
}

void HandlerHost::cancelAnswer(quint64 id)
{
    const auto found = m_open.find(id);
    if (found == m_open.end())
        return;
    const QExplicitlySharedDataPointer<ResponsePrivate> response = found->second.response;
    const Exchange exchange = found->second.exchange;
    const ResponseStreamPrivate::Callback closed =
        found->second.stream ? found->second.stream->close() : ResponseStreamPrivate::Callback();
    closeExchange(id);
    callAuthor(id, closed);
    if (!response)
        return;
    // The handler may notice or not: for the master this request is over, and the claim is free again.
    response->cancel();
    m_claims.finish(exchange.ticket.slot, exchange.ticket.sequence);
    ipc::ResponseMessage end;
    end.status = 504;
    sendBody(exchange, {}, end);
}

void HandlerHost::endResumableStreams(Port *port)
{
    std::vector<quint64> ids;
    for (const auto &[id, open] : m_open) {
        if (open.exchange.port == port && open.stream && open.stream->isResumable())
            ids.push_back(id);
    }
    for (const quint64 id : ids) {
        const auto found = m_open.find(id);
        if (found == m_open.end())
            continue; // the author has ended it while another was told
        const ResponseStreamPrivate::Callback closed = found->second.stream->close();
        // What it has yet to send is sent again by whoever the client asks next (Last-Event-ID).
        port->channel().send(ipc::FrameType::ResponseEnd, id);
        closeExchange(id);
        callAuthor(id, closed);
    }
}

Answer HandlerHost::internalError(const QString &detail) const
{
    return {.kind = Answer::Kind::ErrorPage,
            .status = 500,
            .body = m_debug ? detail.left(maxDetail).toUtf8() : QByteArray()};
}

} // namespace Quern::worker
