#include "worker/handlerhost.h"

#include "base/clock.h"
#include "sdk/src/exceptiontext_p.h"
#include "worker/handlerport.h"
#include "worker/log.h"

#include <Quern/requestid.h>

#include <algorithm>

namespace Quern::worker {

Q_LOGGING_CATEGORY(logWorker, "quern.worker", QtInfoMsg)

/// Calls the cleaners when the last of those who work on the request has let it go.
struct HandlerHost::Cleanup
{
    Cleanup(const Pipeline &ownPipeline, const QExplicitlySharedDataPointer<RequestPrivate> &ownRequest)
        : pipeline(ownPipeline)
        , request(ownRequest)
    {
    }
    ~Cleanup() { pipeline.clean(request.data()); }
    Q_DISABLE_COPY_MOVE(Cleanup)

    const Pipeline &pipeline;
    const QExplicitlySharedDataPointer<RequestPrivate> request;
};

HandlerHost::HandlerHost(const ApplicationPrivate &application, ipc::ChildPage page,
                         const std::vector<int> &reactorChannels, const Identity &identity,
                         const ipc::AnswerOptions &options, LiveServer *server, ipc::Channel *brokerChannel)
    : m_pipeline(application)
    , m_claims(std::move(page))
    , m_identity(identity)
    , m_compression(options)
    , m_debug(options.debug)
    , m_bodies([this](quint64 id, const QString &problem) { authorFailed(id, problem); })
    , m_live(application, m_pipeline, m_claims, identity.workerId, identity.generation, server)
    , m_server(server)
{
    for (const int fd : reactorChannels) {
        m_ports.push_back(std::make_unique<Port>(this, int(m_ports.size()), fd));
        m_channels.push_back(&m_ports.back()->channel());
        m_live.addChannel(m_channels.back());
    }
    if (m_server)
        m_server->attach(m_channels, m_claims.counters(), [this] { outputWaits(); });
    if (brokerChannel)
        m_channels.push_back(brokerChannel);
    m_lateFlusher.start(m_channels);
}

HandlerHost::~HandlerHost()
{
    if (m_server)
        m_server->detach();
    // What the open exchanges hold of the author's may go away with them.
    retire();
    for (const auto &[id, open] : m_open)
        StreamedBodies::discard(*open.exchange.request);
}

void HandlerHost::flush()
{
    for (ipc::Channel *channel : m_channels)
        channel->flush();
}

void HandlerHost::frameReceived(Port *port, const ipc::Frame &frame)
{
    m_inBatch = true;
    if (m_handlerRuns && isUrgent(frame)) {
        // A handler waits for its client: the loop goes on behind it, not now.
        m_claims.sawClient(base::nowNanoseconds());
    } else {
        loopTurned();
    }
    switch (frame.type) {
    case ipc::FrameType::Request:
        requestArrived(port, frame);
        break;
    case ipc::FrameType::RequestBody:
        bodyArrived(frame);
        break;
    case ipc::FrameType::RequestEnd:
        runAuthor([&] { m_bodies.ended(frame); });
        break;
    case ipc::FrameType::Cancel:
        cancelled(frame.id);
        break;
    case ipc::FrameType::Credit:
        creditArrived(frame);
        break;
    case ipc::FrameType::Event:
    case ipc::FrameType::EventBody:
        eventArrived(port, frame);
        break;
    case ipc::FrameType::Leaving:
        endResumableStreams(port);
        break;
    default:
        // A newer master may say more than this worker understands.
        break;
    }
    // Told again: reading a request may have taken so long that the master has taken it back, and sends nothing more.
    if (!m_handlerRuns)
        loopTurned();
}

void HandlerHost::loopTurned()
{
    std::atomic<quint64> &turns = m_claims.counters().loopTurns;
    turns.store(turns.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

void HandlerHost::eventArrived(const Port *port, const ipc::Frame &frame)
{
    quint64 runNs = 0;
    runAuthor([&] { runNs = m_live.frameReceived(port->reactorId(), frame); });
    if (runNs > 0)
        flushIfDue(runNs);
}

void HandlerHost::batchEnded(const Port *port)
{
    m_live.batchEnded(port->reactorId());
    batchOver();
}

void HandlerHost::batchBegan()
{
    m_inBatch = true;
    if (!m_handlerRuns)
        loopTurned();
}

void HandlerHost::batchOver()
{
    // The loop is about to block, and then the channels flush by themselves.
    m_lateFlusherArmed = false;
    m_inBatch = false;
}

void HandlerHost::requestArrived(Port *port, const ipc::Frame &frame)
{
    Result<ReadRequest> read = readRequest(frame);
    if (!read) {
        qCCritical(logWorker).noquote() << "request" << RequestId::text(frame.id)
                                        << "is answered 500:" << read.error().message();
        answerUnread(port, frame);
        return;
    }
    RequestJourney &journey = read->request->journey;
    journey.workerId = m_identity.workerId;
    journey.generation = m_identity.generation;
    journey.reactorId = port->reactorId();

    Exchange exchange;
    exchange.id = frame.id;
    exchange.port = port;
    exchange.ticket = read->ticket;
    exchange.request = read->request;
    if (read->bodyMissing == 0) {
        run(std::move(exchange), *read);
        return;
    }
    OpenExchange &open = m_open[frame.id];
    open.exchange = exchange;
    open.arriving = std::make_unique<ReadRequest>(std::move(*read));
}

void HandlerHost::answerUnread(Port *port, const ipc::Frame &frame)
{
    Exchange exchange;
    const std::optional<ipc::ClaimTicket> ticket = ipc::ticketOf(frame.payload);
    if (!ticket || !m_claims.claim(ticket->slot, ticket->sequence, ipc::NoRoute, base::nowNanoseconds()))
        return;
    exchange.id = frame.id;
    exchange.port = port;
    exchange.ticket = *ticket;
    m_claims.finish(ticket->slot, ticket->sequence);
    ipc::ResponseMessage message;
    message.status = 500;
    message.kind = ipc::ResponseKind::Error;
    sendBody(exchange, {}, message);
}

void HandlerHost::bodyArrived(const ipc::Frame &frame)
{
    if (m_bodies.contains(frame.id)) {
        runAuthor([&] { m_bodies.partArrived(frame); });
        return;
    }
    const auto found = m_open.find(frame.id);
    if (found == m_open.end() || !found->second.arriving)
        return;
    ReadRequest &arriving = *found->second.arriving;
    if (quint64(frame.payload.size()) > arriving.bodyMissing) {
        qCCritical(logWorker).noquote() << "request" << RequestId::text(frame.id) << "has more body than it announced";
        closeExchange(frame.id);
        return;
    }
    RequestPrivate &request = *arriving.request;
    request.bodyBytes.append(frame.payload);
    arriving.bodyMissing -= quint64(frame.payload.size());
    if (arriving.bodyMissing > 0) {
        ipc::sendCredit(found->second.exchange.port->channel(), frame.id, quint32(frame.payload.size()));
        return;
    }
    request.body = request.bodyBytes;
    const auto complete = m_open.extract(found);
    run(complete.mapped().exchange, *complete.mapped().arriving);
}

void HandlerHost::cancelled(quint64 id)
{
    const auto open = m_open.find(id);
    const Exchange exchange = open == m_open.end() ? Exchange() : open->second.exchange;
    cancelAnswer(id);
    m_live.forget(id);
    // Afterwards, so that what the handler does at the end of its body finds nobody to answer.
    runAuthor([&] {
        m_bodies.cancel(id);
        if (exchange.request)
            StreamedBodies::cancel(*exchange.request);
    });
}

void HandlerHost::run(Exchange exchange, const ReadRequest &read)
{
    RequestPrivate &request = *exchange.request;
    const quint64 startedNs = base::nowNanoseconds();
    if (!m_claims.claim(exchange.ticket.slot, exchange.ticket.sequence, ipc::NoRoute, startedNs))
        return; // taken back: another worker has it
    const ipc::ClaimBook::Current outer = m_claims.current();
    m_claims.setCurrent(exchange.ticket.slot);

    // Hooks may change what the route is looked up by. To look it up is the author's time: constraints may take long.
    exchange.isHead = request.method == "HEAD";
    const bool isHooked = m_pipeline.hasReceivedHooks();
    Router::Match match;
    if (!isHooked) {
        match = m_pipeline.route(request);
        m_claims.setRoute(exchange.ticket.slot, numberOf(match));
    }
    request.journey.started = base::fromNanoseconds(startedNs);
    exchange.response = new ResponsePrivate(exchange.id, this);
    const bool isAuthors = isHooked || match.outcome == Router::Outcome::Found;
    if (isAuthors && m_pipeline.hasCleaners())
        exchange.cleanup = std::make_shared<Cleanup>(m_pipeline, exchange.request);
    // A handler may spin an event loop, in which a request of another reactor is run.
    m_running.push_back(exchange);
    if (read.isBodyStreamed)
        m_bodies.begin(request, read.firstPart, exchange.port->channel(), exchange.cleanup);
    {
        Request requestHandle(&request);
        Response responseHandle(exchange.response.data());
        runAuthor([&] { handle(exchange, match, requestHandle, responseHandle); });
        if (!exchange.response->deferred)
            exchange.response->finish();
    }
    const bool answersLater = m_running.back().port != nullptr;
    m_running.pop_back();
    m_claims.setCurrent(outer);
    const quint64 endedNs = base::nowNanoseconds();
    if (answersLater) {
        OpenExchange &open = m_open[exchange.id];
        open.exchange = exchange;
        open.response = exchange.response;
        m_claims.defer(exchange.ticket.slot, exchange.ticket.sequence);
        exchange.port->channel().send(ipc::FrameType::Deferred, exchange.id);
    }
    if (isAuthors)
        handlerEnded(startedNs, endedNs);
}

void HandlerHost::handle(const Exchange &exchange, Router::Match &match, Request &request, Response &response)
{
    const auto routed = [&] { m_claims.setRoute(exchange.ticket.slot, numberOf(match)); };
    const auto prepare = [&](const RouteSpec &route) {
        if (m_bodies.contains(exchange.id) && !route.streamBody)
            throw std::logic_error("a hook has led a request whose body streams to this route, which takes it whole: "
                                   "register it with streamBody()");
        if (route.streamBody && !m_bodies.contains(exchange.id))
            m_bodies.beginWhole(*exchange.request);
    };
    try {
        m_pipeline.run(match, request, response, *exchange.request, *exchange.response, routed, prepare);
    } catch (...) {
        failed(exchange, textOfCurrentException());
    }
}

void HandlerHost::failed(const Exchange &exchange, const QString &problem)
{
    const RequestPrivate &request = *exchange.request;
    const QString text = Pipeline::withPlace(problem, request);
    qCCritical(logWorker).noquote().nospace()
        << (request.route ? "handler of " : "a receivedRequest() hook of ") << request.method << ' ' << request.path()
        << " threw: " << (request.route ? text : problem);
    if (!exchange.response->finishWith(internalError(text)))
        exchange.response->breakStream();
}

quint32 HandlerHost::numberOf(const Router::Match &match)
{
    return match.outcome == Router::Outcome::Found ? quint32(match.route) : ipc::NoRoute;
}

void HandlerHost::handlerEnded(quint64 startedNs, quint64 endedNs)
{
    ipc::ChildCounters &counters = m_claims.counters();
    counters.requests.store(counters.requests.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    // An eighth of the weight to the newest: quick to notice a handler that blocks, and not forgetful of it.
    const quint64 before = counters.handlerNs.load(std::memory_order_relaxed);
    const quint64 sample = qMax<quint64>(endedNs - startedNs, 1);
    counters.handlerNs.store(before == 0 ? sample : (7 * before + sample) / 8, std::memory_order_relaxed);

    flushIfDue(endedNs - startedNs);
}

void HandlerHost::runTask(quint32 place, quint64 id, const std::function<void()> &task)
{
    const quint64 startedNs = base::nowNanoseconds();
    const ipc::ClaimBook::Current outer = m_claims.current();
    m_claims.setCurrent({ipc::TaskSlot, place, id, startedNs, startedNs});
    runAuthor(task);
    m_claims.setCurrent(outer);
    handlerEnded(startedNs, base::nowNanoseconds());
}

void HandlerHost::runCallback(const std::function<void()> &callback)
{
    const quint64 startedNs = base::nowNanoseconds();
    runAuthor(callback);
    flushIfDue(base::nowNanoseconds() - startedNs);
}

void HandlerHost::flushIfDue(quint64 runNs)
{
    if (!hasOutput())
        return;
    bool full = runNs >= LiveHost::LongRunNs;
    for (const ipc::Channel *channel : m_channels)
        full = full || channel->isBatchFull();
    if (full)
        flush();
}

bool HandlerHost::hasOutput() const
{
    return std::any_of(m_channels.begin(), m_channels.end(),
                       [](const ipc::Channel *channel) { return channel->hasOutput(); });
}

void HandlerHost::outputWaits()
{
    // Within a batch the next handler arms it; outside of one, who knows what a timer's slot does next.
    if (m_handlerRuns || !m_inBatch)
        armLateFlusher();
}

void HandlerHost::armLateFlusher()
{
    if (!std::exchange(m_lateFlusherArmed, true) || m_lateFlusher.hasFired())
        m_lateFlusher.arm();
}

} // namespace Quern::worker
