#include "worker/handlerhost.h"

#include "base/clock.h"

#include "worker/log.h"

#include <Quern/requestid.h>

#include <algorithm>

namespace Quern::worker {

Q_LOGGING_CATEGORY(logWorker, "quern.worker", QtInfoMsg)

namespace {

/// After a handler that ran for this long the answers leave at once: the next one may run as long.
constexpr quint64 longRunNs = 1'000'000;
/// A header section beyond this is a defect of the application, in bytes.
constexpr qsizetype maxHeaderBlock = 64 * 1024;
constexpr char plainText[] = "Content-Type: text/plain; charset=utf-8\r\n";
constexpr char internalError[] = "500 Internal Server Error\n";

base::MonotonicTime timeOf(quint64 nanoseconds)
{
    return base::fromNanoseconds(nanoseconds);
}

} // namespace

/// The channel to one reactor.
class HandlerHost::Port final : public ipc::FrameSink
{
public:
    Port(HandlerHost *host, int reactorId, int fd) : m_host(host), m_reactorId(reactorId), m_channel(fd, this) {}

    ipc::Channel &channel() { return m_channel; }
    int reactorId() const { return m_reactorId; }

private:
    void frameReceived(const ipc::Frame &frame) override { m_host->frameReceived(this, frame); }
    void batchEnded() override { m_host->batchEnded(); }
    bool isUrgent(const ipc::Frame &frame) const override { return m_host->isUrgent(frame); }
    void channelClosed(const QString &) override {} // the master is gone: the main channel notices, too

    HandlerHost *m_host;
    int m_reactorId;
    ipc::Channel m_channel;
};

HandlerHost::HandlerHost(const std::deque<RouteSpec> &routes, ipc::ChildPage page,
                         const std::vector<int> &reactorChannels, const Identity &identity,
                         const ipc::AnswerOptions &options)
    : m_routes(routes)
    , m_claims(std::move(page))
    , m_identity(identity)
    , m_compression(options)
{
    for (const RouteSpec &route : routes)
        m_router.add(route.method, route.pattern);
    std::vector<ipc::Channel *> channels;
    for (const int fd : reactorChannels) {
        m_ports.push_back(std::make_unique<Port>(this, int(m_ports.size()), fd));
        channels.push_back(&m_ports.back()->channel());
    }
    m_lateFlusher.start(std::move(channels));
}

HandlerHost::~HandlerHost()
{
    // What the open exchanges hold of the author's may go away with them.
    retire();
}

void HandlerHost::flush()
{
    for (const auto &port : m_ports)
        port->channel().flush();
}

void HandlerHost::frameReceived(Port *port, const ipc::Frame &frame)
{
    m_inBatch = true;
    std::atomic<quint64> &turns = m_claims.counters().loopTurns;
    turns.store(turns.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    switch (frame.type) {
    case ipc::FrameType::Request:
        requestArrived(port, frame);
        break;
    case ipc::FrameType::RequestBody:
        bodyArrived(frame);
        break;
    case ipc::FrameType::Cancel:
        cancelled(frame.id);
        break;
    case ipc::FrameType::Credit:
        creditArrived(frame);
        break;
    default:
        // A newer master may say more than this worker understands.
        break;
    }
}

void HandlerHost::batchEnded()
{
    // The loop is about to block, and then the channels flush by themselves.
    m_lateFlusherArmed = false;
    m_inBatch = false;
}

void HandlerHost::requestArrived(Port *port, const ipc::Frame &frame)
{
    QExplicitlySharedDataPointer<RequestPrivate> request(new RequestPrivate);
    request->frame = frame.payload.toByteArray();
    ipc::RequestMessage message;
    if (const Result<void> decoded = ipc::decodeRequest(request->frame, message); !decoded) {
        qCCritical(logWorker).noquote() << decoded.error().message();
        return;
    }
    request->id = frame.id;
    request->method = message.method.in(message.head);
    request->target = message.target.in(message.head);
    request->headers.resize(message.headers.size());
    for (qsizetype i = 0; i < message.headers.size(); ++i) {
        request->headers[i].name = message.headers[i].name.in(message.head);
        request->headers[i].value = message.headers[i].value.in(message.head);
    }
    request->body = message.bodyPart;
    request->remoteAddress = message.remoteAddress;
    request->remotePort = message.remotePort;
    request->minorVersion = message.minorVersion;
    request->journey.workerId = m_identity.workerId;
    request->journey.generation = m_identity.generation;
    request->journey.reactorId = port->reactorId();
    request->journey.received = timeOf(message.receivedNs);
    request->journey.dispatched = timeOf(message.ticket.dispatchedNs);

    const Exchange exchange = {frame.id, port, message.ticket, request};
    const quint64 missing = message.bodyLength - quint64(message.bodyPart.size());
    if (missing == 0) {
        run(exchange, request);
        return;
    }
    // At once: growing it would copy it again and again, and stop the loop for longer each time.
    request->bodyBytes.reserve(qsizetype(message.bodyLength));
    request->bodyBytes.append(message.bodyPart);
    OpenExchange &open = m_open[frame.id];
    open.exchange = exchange;
    open.request = request;
    open.bodyMissing = missing;
}

void HandlerHost::bodyArrived(const ipc::Frame &frame)
{
    const auto found = m_open.find(frame.id);
    if (found == m_open.end() || !found->second.request)
        return;
    OpenExchange &open = found->second;
    if (quint64(frame.payload.size()) > open.bodyMissing) {
        qCCritical(logWorker).noquote() << "request" << RequestId::text(frame.id) << "has more body than it announced";
        closeExchange(frame.id);
        return;
    }
    open.request->bodyBytes.append(frame.payload);
    open.bodyMissing -= quint64(frame.payload.size());
    if (open.bodyMissing > 0) {
        ipc::sendCredit(open.exchange.port->channel(), frame.id, quint32(frame.payload.size()));
        return;
    }
    const Exchange exchange = open.exchange;
    const QExplicitlySharedDataPointer<RequestPrivate> request = open.request;
    m_open.erase(found);
    request->body = request->bodyBytes;
    run(exchange, request);
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

void HandlerHost::cancelled(quint64 id)
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

void HandlerHost::run(const Exchange &exchange, const QExplicitlySharedDataPointer<RequestPrivate> &request)
{
    const quint64 startedNs = base::nowNanoseconds();
    const Router::Match match = m_router.match(request->method, request->path());
    const bool found = match.outcome == Router::Outcome::Found;
    const quint32 routeNumber = found ? quint32(match.route) : ipc::NoRoute;
    if (!m_claims.claim(exchange.ticket.slot, exchange.ticket.sequence, routeNumber, startedNs))
        return; // taken back: another worker has it
    if (!found) {
        m_claims.finish(exchange.ticket.slot, exchange.ticket.sequence);
        if (match.outcome == Router::Outcome::Options)
            sendAnswer(exchange, {.status = 204, .headerBlock = "Allow: " + match.allow + "\r\n"});
        else if (match.outcome == Router::Outcome::MethodNotAllowed)
            answerSimply(exchange, 405, "405 Method Not Allowed\n", "Allow: " + match.allow + "\r\n");
        else
            answerSimply(exchange, 404, "404 Not Found\n");
        return;
    }

    request->params = match.params;
    request->journey.started = timeOf(startedNs);
    QExplicitlySharedDataPointer<ResponsePrivate> answer(new ResponsePrivate(exchange.id, this));
    // A handler may spin an event loop, in which a request of another reactor is run.
    m_running.push_back(exchange);
    const quint32 outerSlot = m_claims.counters().currentSlot.load(std::memory_order_relaxed);
    m_claims.setCurrent(exchange.ticket.slot);
    if (hasOutput())
        armLateFlusher();
    {
        Request requestHandle(request.data());
        Response responseHandle(answer.data());
        const bool outerRuns = std::exchange(m_handlerRuns, true);
        callHandler(m_routes[std::size_t(match.route)].handler, requestHandle, responseHandle, *answer);
        m_handlerRuns = outerRuns;
        if (!answer->deferred)
            answer->finish();
    }
    const bool answersLater = m_running.back().port != nullptr;
    m_running.pop_back();
    m_claims.setCurrent(outerSlot);
    const quint64 endedNs = base::nowNanoseconds();
    if (answersLater) {
        OpenExchange &open = m_open[exchange.id];
        open.exchange = exchange;
        open.response = answer;
        m_claims.defer(exchange.ticket.slot, exchange.ticket.sequence);
        exchange.port->channel().send(ipc::FrameType::Deferred, exchange.id);
    }
    handlerEnded(startedNs, endedNs);
}

void HandlerHost::callHandler(const Handler &handler, Request &request, Response &response, ResponsePrivate &answer)
{
    QString problem;
    try {
        handler(request, response);
        return;
    } catch (const std::exception &exception) {
        problem = QString::fromUtf8(exception.what());
    } catch (...) {
        problem = QStringLiteral("an exception that is no std::exception");
    }
    qCCritical(logWorker).noquote().nospace()
        << "handler of " << request.method() << ' ' << request.path() << " threw: " << problem;
    if (!answer.finishWith({.status = 500, .headerBlock = plainText, .body = internalError}))
        answer.breakStream();
}

void HandlerHost::handlerEnded(quint64 startedNs, quint64 endedNs)
{
    ipc::ChildCounters &counters = m_claims.counters();
    counters.requests.store(counters.requests.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    // An eighth of the weight to the newest: quick to notice a handler that blocks, and not forgetful of it.
    const quint64 before = counters.handlerNs.load(std::memory_order_relaxed);
    const quint64 sample = qMax<quint64>(endedNs - startedNs, 1);
    counters.handlerNs.store(before == 0 ? sample : (7 * before + sample) / 8, std::memory_order_relaxed);

    if (!hasOutput())
        return;
    bool full = endedNs - startedNs >= longRunNs;
    for (const auto &port : m_ports)
        full = full || port->channel().isBatchFull();
    if (full)
        flush();
}

bool HandlerHost::hasOutput() const
{
    return std::any_of(m_ports.begin(), m_ports.end(), [](const auto &port) { return port->channel().hasOutput(); });
}

void HandlerHost::armLateFlusher()
{
    if (!std::exchange(m_lateFlusherArmed, true) || m_lateFlusher.hasFired())
        m_lateFlusher.arm();
}

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
}

void HandlerHost::responseDropped(quint64 id)
{
    if (!exchangeOf(id).port)
        return;
    qCCritical(logWorker).noquote() << "request" << RequestId::text(id)
                                    << "was deferred and then forgotten: answered 500";
    responseReady(id, {.status = 500, .headerBlock = plainText, .body = internalError});
}

void HandlerHost::answerSimply(const Exchange &exchange, int status, const QByteArray &text,
                               const QByteArray &extraHeaders)
{
    sendAnswer(exchange, {.status = status, .headerBlock = extraHeaders + plainText, .body = text});
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
    }
    // Within a batch the next handler arms it; outside of one, who knows what a timer's slot does after its answer.
    if (m_handlerRuns || !m_inBatch)
        armLateFlusher();
}

std::unique_ptr<ContentEncoder> HandlerHost::prepareAnswer(const Exchange &exchange, Answer &answer)
{
    std::unique_ptr<ContentEncoder> encoder;
    if (answer.kind == Answer::Kind::Whole)
        m_compression.applyToWhole(answer, *exchange.request);
    else if (answer.kind == Answer::Kind::Stream)
        encoder = m_compression.applyToStream(answer, *exchange.request);
    if (answer.headerBlock.size() > maxHeaderBlock) {
        qCCritical(logWorker).noquote() << "request" << RequestId::text(exchange.id) << "was answered with"
                                        << answer.headerBlock.size() << "bytes of header fields; at most"
                                        << maxHeaderBlock << "are possible";
        if (answer.stream)
            answer.stream->release();
        answer = {.status = 500, .headerBlock = plainText, .body = internalError};
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
    if (exchange.request->method == "HEAD" || answer.status == 204 || answer.status == 304) {
        // Such an answer ends with its head (RFC 9112 §6.3).
        channel.send(ipc::FrameType::ResponseEnd, exchange.id);
        callAuthor(exchange.id, answer.stream->close());
        return;
    }
    OpenExchange &open = m_open[exchange.id];
    open.exchange = exchange;
    open.stream =
        std::make_unique<StreamSender>(exchange.id, answer.stream, std::move(encoder), exchange.ticket.responseCredit);
    streamWritten(exchange.id);
}

void HandlerHost::streamWritten(quint64 id)
{
    const auto open = m_open.find(id);
    if (open == m_open.end() || !open->second.stream)
        return;
    const StreamSender::Progress progress = open->second.stream->pump(open->second.exchange.port->channel());
    if (progress.ended)
        closeExchange(id);
    if (m_handlerRuns || !m_inBatch)
        armLateFlusher();
    callAuthor(id, progress.next);
}

void HandlerHost::streamAwaited()
{
    for (const auto &port : m_ports)
        port->channel().readAhead();
}

void HandlerHost::callAuthor(quint64 id, const std::function<void()> &callback)
{
    if (!callback)
        return;
    QString problem;
    try {
        callback();
        return;
    } catch (const std::exception &exception) {
        problem = QString::fromUtf8(exception.what());
    } catch (...) {
        problem = QStringLiteral("an exception that is no std::exception");
    }
    qCCritical(logWorker).noquote().nospace()
        << "request " << RequestId::text(id) << ": a callback of its stream threw: " << problem;
    if (const auto open = m_open.find(id); open != m_open.end() && open->second.stream)
        open->second.stream->fail();
}

void HandlerHost::closeExchange(quint64 id)
{
    // Taken out before it is destroyed: with it go callbacks of the author, which may own handles of other exchanges.
    const auto closed = m_open.extract(id);
}

} // namespace Quern::worker
