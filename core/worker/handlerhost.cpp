#include "worker/handlerhost.h"

#include "base/clock.h"

#include <Quern/requestid.h>

#include <QLoggingCategory>

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
    void channelClosed(const QString &) override {} // the master is gone: the main channel notices, too

    HandlerHost *m_host;
    int m_reactorId;
    ipc::Channel m_channel;
};

HandlerHost::HandlerHost(const std::deque<RouteSpec> &routes, ipc::ChildPage page,
                         const std::vector<int> &reactorChannels, const Identity &identity)
    : m_routes(routes)
    , m_claims(std::move(page))
    , m_identity(identity)
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

HandlerHost::~HandlerHost() = default;

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
    case ipc::FrameType::Credit: {
        const auto open = m_open.find(frame.id);
        const Result<quint32> bytes = ipc::creditOf(frame.payload);
        if (!bytes || open == m_open.end() || !open->second.sender)
            break;
        open->second.sender->grant(*bytes);
        if (open->second.sender->pump(port->channel()))
            m_open.erase(open);
        break;
    }
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

    const Exchange exchange = {frame.id, port, message.ticket};
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
        m_open.erase(found);
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

void HandlerHost::cancelled(quint64 id)
{
    const auto found = m_open.find(id);
    if (found == m_open.end())
        return;
    const QExplicitlySharedDataPointer<ResponsePrivate> response = found->second.response;
    const Exchange exchange = found->second.exchange;
    m_open.erase(found);
    if (!response)
        return;
    // The handler may notice or not: for the master this request is over, and the claim is free again.
    response->cancel();
    m_claims.finish(exchange.ticket.slot, exchange.ticket.sequence);
    sendAnswer(exchange, 504, {}, {});
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
            sendAnswer(exchange, 204, "Allow: " + match.allow + "\r\n", {});
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
    answer.finishWith(500, plainText, internalError);
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

void HandlerHost::responseReady(quint64 id, int status, const QByteArray &headerBlock, const QByteArray &body)
{
    const Exchange exchange = exchangeOf(id);
    if (!exchange.port)
        return; // it was cancelled
    m_open.erase(id);
    for (Exchange &running : m_running) {
        if (running.id == id)
            running.port = nullptr; // answered: nothing more is sent for it
    }
    m_claims.finish(exchange.ticket.slot, exchange.ticket.sequence);
    if (headerBlock.size() > maxHeaderBlock) {
        qCCritical(logWorker).noquote() << "request" << RequestId::text(id) << "was answered with" << headerBlock.size()
                                        << "bytes of header fields; at most" << maxHeaderBlock << "are possible";
        answerSimply(exchange, 500, internalError);
        return;
    }
    sendAnswer(exchange, status, headerBlock, body);
}

void HandlerHost::responseDropped(quint64 id)
{
    if (!exchangeOf(id).port)
        return;
    qCCritical(logWorker).noquote() << "request" << RequestId::text(id)
                                    << "was deferred and then forgotten: answered 500";
    responseReady(id, 500, plainText, internalError);
}

void HandlerHost::answerSimply(const Exchange &exchange, int status, const QByteArray &text,
                               const QByteArray &extraHeaders)
{
    sendAnswer(exchange, status, extraHeaders + plainText, text);
}

void HandlerHost::sendAnswer(const Exchange &exchange, int status, const QByteArray &headerBlock,
                             const QByteArray &body)
{
    ipc::Channel &channel = exchange.port->channel();
    ipc::ResponseMessage message;
    message.status = quint16(status);
    message.bodyLength = quint64(body.size());
    message.headerBlock = headerBlock;
    message.bodyPart = ipc::BodySender::firstPart(body);
    channel.sendWith([&](QByteArray &out) { ipc::appendResponseHead(out, exchange.id, message); },
                     ipc::SharedBytes::of(body, message.bodyPart));
    if (message.bodyPart.size() < body.size()) {
        auto sender =
            std::make_unique<ipc::BodySender>(ipc::FrameType::ResponseBody, exchange.id, body, message.bodyPart.size(),
                                              qsizetype(exchange.ticket.responseCredit));
        if (!sender->pump(channel)) {
            OpenExchange &open = m_open[exchange.id];
            open.exchange = exchange;
            open.sender = std::move(sender);
        }
    }
    // Within a batch the next handler arms it; outside of one, who knows what a timer's slot does after its answer.
    if (m_handlerRuns || !m_inBatch)
        armLateFlusher();
}

} // namespace Quern::worker
