#include "dispatch/session.h"

#include "dispatch/log.h"
#include "dispatch/sessionrare.h"
#include "dispatch/websocketsession.h"
#include "sdk/src/httpsyntax_p.h"

#include <Quern/requestid.h>

#include <QtEndian>

namespace Quern::dispatch {

Q_LOGGING_CATEGORY(logHttp, "quern.http", QtInfoMsg)

Session::Session(base::FileDescriptor fd, ReactorPort *port, const net::Peer &peer, quint64 connectionId,
                 SessionHost *host)
    : ClientSession(port, peer, host)
    , m_connection(std::make_unique<net::Connection>(std::move(fd), this, &port->traffic))
    , m_decoder(port->http.limits)
    , m_connectionId(connectionId)
    , m_isPeerTrusted(!port->http.proxies.isEmpty() && port->http.proxies.trusts(QByteArrayView(m_peer.address)))
{
}

Session::~Session() = default;

void Session::start()
{
    if (m_port->tls)
        m_connection->startTls(m_port->tls);
    m_host->armWait(this, Wait::Head);
}

void Session::startRefused()
{
    m_refused = true;
    m_inputDone = true;
    if (m_port->tls)
        m_connection->startTls(m_port->tls);
    m_exchange = std::make_unique<Exchange>();
    m_exchange->received = std::chrono::steady_clock::now();
    m_exchange->keepAlive = false;
    answerError(503, "Retry-After: 1\r\n");
    settle(Progress::None);
}

Session::Rare &Session::rare()
{
    if (!m_rare)
        m_rare = std::make_unique<Rare>();
    return *m_rare;
}

void Session::bytesReceived(QByteArrayView bytes)
{
    if (m_lingering) {
        m_lingered += bytes.size();
        if (m_lingered > qMax(MinLinger, qsizetype(settings().limits.bodyBytes) + 1))
            end();
        return;
    }
    if (m_closing || m_inputDone) {
        // Nothing more is answered; what comes must not stop the client from reading its last answer.
    } else if (m_carry.isEmpty() && mayParse()) {
        parse(bytes);
    } else {
        m_carry.append(bytes);
        parseCarry();
    }
    settle(Progress::Input);
}

void Session::start(ExchangePtr exchange)
{
    m_exchange = std::move(exchange);
    if (m_host->isLeaving())
        m_exchange->keepAlive = false;
    if (m_exchange->refusedWith != 0) {
        // RFC 6455 §4.4: of WebSocket no other version is spoken.
        constexpr QByteArrayView spoken = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
        answerError(m_exchange->refusedWith, m_exchange->refusedWith == 426 ? spoken : QByteArrayView());
        return;
    }
    // A body that is still arriving is for its handler alone.
    if (m_exchange->isBodyComplete && (answerWithMetrics() || (m_exchange->mayBeStatic && answerWithStaticFile())))
        return;
    m_exchange->requestId = m_host->dispatcher().submit(std::move(m_exchange->order), m_exchange->awaited, this);
    if (m_exchange->requestId == 0) {
        // The rest of a body that nobody wants is not read.
        if (!m_exchange->isBodyComplete)
            m_exchange->keepAlive = false;
        answerError(503, "Retry-After: 1\r\n");
    }
}

bool Session::answerWithMetrics()
{
    using metrics::HttpMethod;
    const bool isRead = m_exchange->method == HttpMethod::Get || m_exchange->method == HttpMethod::Head;
    if (settings().metricsPath.isEmpty() || !isRead ||
        pathOfTarget(m_exchange->head().targetBytes()) != settings().metricsPath)
        return false;
    m_exchange->requestId = m_host->dispatcher().submitOwn(m_exchange->awaited, this);
    if (m_exchange->requestId == 0)
        answerError(503, "Retry-After: 1\r\n");
    return true;
}

bool Session::answerWithStaticFile()
{
    // They may have been switched off since the request arrived.
    const std::shared_ptr<const StaticFiles> files = settings().staticFiles;
    if (!files)
        return false;
    StaticAnswer answer = files->find(m_exchange->head());
    if (std::holds_alternative<NotStatic>(answer))
        return false;
    number(*m_exchange);
    m_exchange->route = metrics::RequestMeter::StaticRoute;
    AnswerWriter writer(*m_connection, settings());
    if (auto *reply = std::get_if<FileReply>(&answer))
        writer.file(*m_exchange, std::move(*reply));
    else if (const auto *redirection = std::get_if<Redirection>(&answer))
        writer.error(*m_exchange, 301, {}, "Location: " + redirection->location + "\r\n");
    else if (const auto *made = std::get_if<MadePage>(&answer))
        writer.page(*m_exchange, 200, made->headerBlock, made->body);
    else
        writer.error(*m_exchange, 503, {}, "Retry-After: 1\r\n");
    progressAnswer();
    return true;
}

bool Session::refuseStaticMethod(const ResponseStart &start)
{
    const StaticFiles *files = settings().staticFiles.get();
    if (start.status != 404 || !files)
        return false;
    const protocol::http::RequestHead head = m_exchange->head();
    if (head.isHead || head.methodBytes() == "GET" || !files->has(head))
        return false;
    const QByteArray headerBlock = start.headerBlock.toByteArray() + "Allow: GET, HEAD, OPTIONS\r\n";
    AnswerWriter writer(*m_connection, settings());
    if (head.methodBytes() == "OPTIONS")
        writer.page(*m_exchange, 204, headerBlock, {});
    else
        writer.error(*m_exchange, 405, start.bodyPart, headerBlock);
    return true;
}

void Session::responseStarted(quint64, const ResponseStart &start)
{
    Exchange &exchange = *m_exchange;
    if (m_host->isLeaving() || !exchange.isBodyComplete)
        exchange.keepAlive = false;
    exchange.workerId = start.workerId;
    exchange.route = start.route;
    AnswerWriter writer(*m_connection, settings());
    switch (start.kind) {
    case ipc::ResponseKind::File:
        writer.file(exchange, start);
        break;
    case ipc::ResponseKind::Error:
        if (!refuseStaticMethod(start))
            writer.error(exchange, start.status, start.bodyPart, start.headerBlock);
        break;
    case ipc::ResponseKind::Upgrade:
        upgrade(start);
        return;
    case ipc::ResponseKind::Whole:
    case ipc::ResponseKind::Streamed:
        writer.begin(exchange, start);
        if (!exchange.isAnswered)
            exchange.ungranted = quint32(start.bodyPart.size());
        // What it set aside stays taken until the client has the answer. A stream has little under way at a time.
        if (!exchange.isAnswerStreamed && start.bodyLength > quint64(ipc::ScantResponseCredit))
            exchange.output = std::move(*start.output);
        exchange.outstanding =
            qint64(exchange.output.bytes() > 0 ? ipc::AmpleResponseCredit : ipc::ScantResponseCredit) -
            start.bodyPart.size();
        break;
    }
    const bool isMoreToCome = exchange.bodyLeft > 0 || exchange.isAnswerStreamed;
    if (exchange.isAnswered && isMoreToCome)
        m_host->dispatcher().abandon(exchange.requestId); // the client wants the head alone
    progressAnswer();
    settle(Progress::None);
}

void Session::upgrade(const ResponseStart &start)
{
    const quint32 place = start.bodyPart.size() == 4 ? qFromLittleEndian<quint32>(start.bodyPart.data()) : ipc::NoRoute;
    if (!m_exchange->upgrade || place >= quint32(start.worker->routes.size())) {
        qCCritical(logHttp).noquote() << "request" << RequestId::text(m_exchange->requestId)
                                      << "was to become a WebSocket, which it did not ask for: answered 500";
        answerError(500);
        settle(Progress::None);
        return;
    }
    AnswerWriter(*m_connection, settings()).upgrade(*m_exchange, start.headerBlock);
    noteExchange(*m_exchange);
    WebSocketSession::Opening opening;
    opening.pattern = start.worker->routes.at(place).pattern;
    opening.request = m_exchange->payload;
    opening.requestId = m_exchange->requestId;
    opening.childId = start.worker->childId;
    opening.deflate = m_exchange->upgrade->deflate;
    m_ended = true;
    auto next = std::make_unique<WebSocketSession>(std::move(m_connection), m_port, m_peer, m_host, opening);
    WebSocketSession *const session = next.get();
    m_host->sessionReplaced(this, std::move(next));
    session->start(std::move(opening), std::exchange(m_carry, QByteArray()));
}

void Session::responseContinued(quint64, QByteArrayView bodyPart)
{
    m_exchange->ungranted += quint32(bodyPart.size());
    m_exchange->outstanding -= bodyPart.size();
    AnswerWriter(*m_connection, settings()).goOn(*m_exchange, bodyPart);
    progressAnswer();
    // What the kernel took at once never comes by as output.
    settle(m_connection->hasOutput() ? Progress::None : Progress::Output);
}

void Session::responseEnded(quint64, QByteArrayView trailers)
{
    AnswerWriter(*m_connection, settings()).end(*m_exchange, trailers);
    progressAnswer();
    settle(Progress::None);
}

void Session::responseFailed(quint64, int status, metrics::RouteNumber route)
{
    m_exchange->route = route;
    if (m_host->isLeaving() || !m_exchange->isBodyComplete)
        m_exchange->keepAlive = false;
    answerError(status, status == 503 ? QByteArrayView("Retry-After: 1\r\n") : QByteArrayView());
    settle(Progress::None);
}

void Session::responseBroken(quint64)
{
    end();
}

void Session::workerLeaves(quint64 requestId)
{
    // What its client has yet to read is kept here from now on: a slow reader must not keep a worker that is to leave,
    // nor lose the rest of the answer with it. A stream that goes on has to end in its own time.
    // What a stream has ready is bounded by the worker.
    constexpr quint64 mostOfAStream = 16 * 1024 * 1024;
    Exchange &exchange = *m_exchange;
    const quint64 rest = exchange.isAnswerStreamed ? qMin(exchange.bodyLeft, mostOfAStream) : exchange.bodyLeft;
    if (rest == 0 || rest > UINT32_MAX || !exchange.handover.extend(m_host->handoverBudget(), qint64(rest)))
        return;
    exchange.outstanding += qint64(rest);
    m_host->dispatcher().grant(requestId, quint32(rest));
}

void Session::bodyProgressed(quint64)
{
    parseCarry();
    settle(Progress::None);
}

void Session::answerError(int status, QByteArrayView headerBlock)
{
    const QByteArrayView detail = settings().debug ? m_exchange->refusedBecause : "";
    number(*m_exchange);
    AnswerWriter(*m_connection, settings()).error(*m_exchange, status, detail, headerBlock);
    progressAnswer();
}

void Session::number(Exchange &exchange)
{
    if (exchange.requestId == 0)
        exchange.requestId = m_host->dispatcher().spareId();
}

void Session::progressAnswer()
{
    if (!m_exchange || m_ended)
        return;
    if (m_exchange->isAnswered && !m_connection->hasOutput())
        conclude();
    else
        grantMore();
}

void Session::grantMore()
{
    Exchange &exchange = *m_exchange;
    if (exchange.isAnswered || exchange.ungranted == 0)
        return;
    // A client that is slow, and any client while memory is short, must have taken all before more is asked for.
    const bool isAmple = exchange.output.bytes() > 0 && !exchange.isSlow;
    exchange.isSlow = exchange.isSlow || m_connection->pendingOutput() > OutputLowMark;
    if (m_connection->pendingOutput() >= (isAmple ? OutputLowMark : 1))
        return;
    qint64 granted = std::exchange(exchange.ungranted, 0);
    if (exchange.isSlow && exchange.output.bytes() > 0) {
        // From now on it has as little under way as others: the memory set aside is for quicker ones.
        granted = qBound<qint64>(0, ipc::ScantResponseCredit - exchange.outstanding, granted);
        if (exchange.outstanding <= ipc::ScantResponseCredit)
            exchange.output = {};
    }
    if (granted == 0)
        return;
    exchange.outstanding += granted;
    m_host->dispatcher().grant(exchange.requestId, quint32(granted));
}

void Session::conclude()
{
    const ExchangePtr exchange = std::move(m_exchange);
    if (exchange->upgrade)
        m_awaitsUpgrade = false;
    noteExchange(*exchange);
    if (!exchange->keepAlive || m_host->isLeaving())
        closeAfterOutput();
    else
        startNext();
}

void Session::noteExchange(const Exchange &exchange)
{
    if (ReactorMeter *meter = m_host->meter()) {
        const bool isAnswered = exchange.status != 0;
        const base::MonotonicTime until = isAnswered ? exchange.begun : std::chrono::steady_clock::now();
        meter->requests.record(exchange.method, exchange.route, isAnswered ? exchange.status : clientClosed,
                               until - exchange.received);
    }
    if (AccessLog *log = m_host->accessLog())
        log->note(exchange, m_peer,
                  quint64(m_connection->pendingOutput()) + m_connection->pendingFile() +
                      (exchange.file ? exchange.file->unbegunBytes() : 0));
}

void Session::startNext()
{
    if (m_rare && !m_rare->waiting.empty()) {
        ExchangePtr next = std::move(m_rare->waiting.front());
        m_rare->waiting.pop_front();
        m_rare->waitingBytes -= next->payload.size() + next->order.body.size();
        // What it has waited for is the answer before, which may be long; its own handler has its whole time.
        next->awaited = std::chrono::steady_clock::now();
        start(std::move(next));
        return;
    }
    if (m_rare && !m_rare->body)
        m_rare.reset();
    if (std::exchange(m_headWaits, false))
        headArrived();
    parseCarry();
}

void Session::inputEnded()
{
    if (m_lingering || (!m_exchange && !m_connection->hasOutput())) {
        // Idle, or in the middle of a request that can never be complete.
        end();
        return;
    }
    // A client may close its half when it has asked all it wants (RFC 9112 §9.6): it is answered first.
    settle(Progress::None);
}

void Session::outputProgressed(qint64)
{
    if (m_exchange && m_exchange->file && !m_exchange->isAnswered)
        AnswerWriter(*m_connection, settings()).goOnWithFile(*m_exchange);
    if (m_closing && !m_connection->hasOutput())
        linger();
    else
        progressAnswer();
    settle(Progress::Output);
}

void Session::connectionLost()
{
    end();
}

void Session::closeAfterOutput()
{
    m_closing = true;
    m_carry.clear();
    m_rare.reset();
    m_connection->setReading(true);
    if (!m_connection->hasOutput())
        linger();
}

void Session::linger()
{
    if (m_lingering || m_ended)
        return;
    // A stopping server waits for no client that has nothing more to say.
    if (m_connection->hasInputEnded() || (m_host->isDraining() && !m_connection->hasUnreadInput())) {
        end();
        return;
    }
    // Closing while the client still sends would make the kernel answer with a reset, which can destroy the answer
    // before the client has read it (RFC 9112 §9.6).
    m_lingering = true;
    m_connection->shutdownOutput();
    m_host->armWait(this, Wait::Linger);
}

void Session::end()
{
    if (m_ended)
        return;
    m_ended = true;
    if (m_exchange) {
        if (m_exchange->requestId != 0 && !m_exchange->isAnswered) {
            if (m_exchange->status == 0)
                m_exchange->route = m_host->dispatcher().routeOf(m_exchange->requestId);
            m_host->dispatcher().abandon(m_exchange->requestId);
        }
        // An answer that ends with its connection would look complete (RFC 9112 §8).
        if (m_exchange->isEndedByClose && (!m_exchange->isAnswered || m_connection->hasOutput()))
            m_connection->resetOnClose();
        noteExchange(*m_exchange);
    } else if (m_decoder.inMessage() && m_decoder.knownHead() && !m_hasExchange) {
        noteExchange(*unreadExchange()); // the rest of its body will never come
    }
    m_connection->close();
    m_host->sessionEnded(this);
}

void Session::drain()
{
    if (m_lingering && !m_connection->hasUnreadInput()) {
        end();
        return;
    }
    if (m_exchange || m_lingering || m_closing)
        return; // it closes after the present answer
    if (!m_decoder.inMessage())
        end();
}

void Session::abort()
{
    end();
}

void Session::waitExpired()
{
    const bool isAnswering = m_exchange && m_exchange->status != 0;
    if ((m_wait == Wait::Head || m_wait == Wait::Body) && m_decoder.inMessage() && !isAnswering) {
        refuse({408, "the request did not arrive in time"});
        settle(Progress::None);
        return;
    }
    if (m_wait == Wait::Send)
        qCDebug(logHttp, "closed the connection from %s: it takes no output", m_peer.address);
    end();
}

void Session::settle(Progress progress)
{
    if (m_connection->hasInputEnded() && m_carry.isEmpty() && !m_closing && !m_ended) {
        if (!m_exchange)
            closeAfterOutput();
        else if (isStreamingBody() && !isAnswerSettled())
            end(); // the rest of its body will never come
    }
    if (m_ended || m_lingering)
        return;
    Wait wait = Wait::KeepAlive;
    if (m_connection->hasOutput())
        wait = Wait::Send;
    else if (isStreamingBody() && mayParse())
        wait = Wait::Body;
    else if (m_exchange && m_exchange->isAnswerStreamed && m_connection->hasInputEnded())
        wait = Wait::Send; // it may have gone altogether, which only output would show
    else if (m_exchange)
        wait = Wait::None;
    else if (m_decoder.inHead())
        wait = Wait::Head;
    else if (m_decoder.inMessage())
        wait = Wait::Body;
    // A head has one deadline however often it makes progress; the others measure idleness.
    const bool begunAnew = (wait == Wait::Send && progress == Progress::Output) ||
                           ((wait == Wait::Body || wait == Wait::KeepAlive) && progress != Progress::None);
    if (wait != m_wait || begunAnew)
        m_host->armWait(this, wait);
}

} // namespace Quern::dispatch
