// The half of Session that turns bytes into exchanges.

#include "dispatch/log.h"
#include "dispatch/requestorder.h"
#include "dispatch/session.h"
#include "dispatch/sessionrare.h"
#include "protocol/websocket/handshake.h"

#include "sdk/src/httpsyntax_p.h"

#include <Quern/requestid.h>

namespace Quern::dispatch {

namespace http = protocol::http;

bool Session::mayParse() const
{
    if (m_closing || m_ended || m_inputDone || m_headWaits || m_awaitsUpgrade)
        return false;
    if (isStreamingBody())
        return m_host->dispatcher().bodyWaiting(m_exchange->requestId) < ipc::RequestCredit;
    if (!m_exchange)
        return true;
    const qsizetype waiting = m_rare ? qsizetype(m_rare->waiting.size()) : 0;
    const qsizetype bytes = m_rare ? m_rare->waitingBytes : 0;
    return waiting < settings().pipelineDepth && bytes < MaxCarry && m_connection->pendingOutput() <= OutputLowMark;
}

void Session::parse(QByteArrayView bytes)
{
    while (!bytes.isEmpty() && mayParse()) {
        if (!m_decoder.inMessage())
            m_decoder.setLimits(settings().limits); // a reload may have changed them
        const http::RequestDecoder::Step step = m_decoder.feed(bytes);
        bytes = bytes.sliced(step.consumed);
        switch (step.state) {
        case http::RequestDecoder::State::Incomplete:
            if (!m_decoder.inHead() && m_decoder.inMessage())
                bodyArrived();
            break;
        case http::RequestDecoder::State::HeadComplete:
            if (m_exchange)
                m_headWaits = true;
            else
                headArrived();
            break;
        case http::RequestDecoder::State::Complete:
            messageArrived();
            break;
        case http::RequestDecoder::State::Refused:
            refuse(m_decoder.refusal());
            break;
        }
    }
    if (!bytes.isEmpty() && !m_closing && !m_ended && !m_inputDone)
        m_carry.append(bytes);
    if (!m_ended)
        m_connection->setReading(m_closing || m_inputDone || m_carry.size() < MaxCarry);
}

void Session::parseCarry()
{
    if (m_closing || m_ended)
        return;
    if (!mayParse()) {
        m_connection->setReading(m_inputDone || m_carry.size() < MaxCarry);
        return;
    }
    const QByteArray bytes = std::exchange(m_carry, QByteArray());
    parse(bytes);
}

void Session::headArrived()
{
    m_hasExchange = false;
    const http::RequestHead &head = m_decoder.head();
    QByteArray begun = m_decoder.takeBody();
    if (head.expectContinue && begun.isEmpty())
        m_connection->write("HTTP/1.1 100 Continue\r\n\r\n");
    if (m_host->dispatcher().streamsBody(m_port->handler, head.methodBytes(), pathOfTarget(head.targetBytes()))) {
        ExchangePtr exchange = newExchange(head);
        exchange->isBodyStreamed = true;
        exchange->isBodyComplete = false;
        complete(std::move(exchange), head, std::move(begun), {});
        return;
    }
    rare().body = std::make_unique<RequestBody>(head.field("content-type"), settings().body);
    if (const auto refusal = rare().body->append(begun))
        refuse(*refusal);
}

void Session::bodyArrived()
{
    const QByteArray bytes = m_decoder.takeBody();
    if (bytes.isEmpty())
        return;
    if (isStreamingBody()) {
        m_host->dispatcher().appendBody(m_exchange->requestId, bytes);
        return;
    }
    Q_ASSERT(m_rare && m_rare->body); // made with the head
    if (const auto refusal = m_rare->body->append(bytes))
        refuse(*refusal);
}

void Session::messageArrived()
{
    if (isStreamingBody()) {
        bodyArrived();
        m_exchange->isBodyComplete = true;
        if (m_exchange->status == 0) // its answer has not begun
            m_exchange->received = std::chrono::steady_clock::now();
        m_inputDone = !m_exchange->keepAlive;
        m_host->dispatcher().endBody(m_exchange->requestId, m_decoder.takeTrailers());
        m_decoder.releaseMessage();
        return;
    }
    const http::RequestHead &head = m_decoder.head();
    QByteArray body = m_decoder.takeBody();
    const QByteArray trailers = m_decoder.takeTrailers();
    ExchangePtr exchange = newExchange(head);
    QByteArray layout;
    const bool isPlain = trailers.isEmpty() && (body.isEmpty() || !RequestBody::isForm(head.field("content-type")));
    if ((m_rare && m_rare->body) || !isPlain) {
        std::unique_ptr<RequestBody> arrived = std::move(rare().body);
        if (!arrived)
            arrived = std::make_unique<RequestBody>(head.field("content-type"), settings().body);
        auto refusal = arrived->append(body);
        if (!refusal)
            refusal = arrived->finish(trailers);
        if (refusal) {
            // The body as such has been read to its end: the connection can go on.
            exchange->refusedWith = refusal->status;
            exchange->refusedBecause = refusal->reason;
            body.clear();
        } else {
            body = arrived->takeBytes();
            if (!arrived->layout().isPlain())
                layout = arrived->layout().encode();
            exchange->files = arrived->takeFiles();
        }
    }
    complete(std::move(exchange), head, std::move(body), layout);
    m_decoder.releaseMessage(); // an idle connection keeps no heap
}

QByteArray Session::clientCertificate() const
{
    // Longer names are none.
    constexpr qsizetype longestSubject = 4096;
    if (!m_port->tls || !m_port->tls->asksForCertificates())
        return {};
    const std::optional<net::TlsInfo> info = m_connection->tlsInfo();
    if (!info || !info->isClientVerified)
        return {};
    return info->clientFingerprint + info->clientSubject.first(qMin(info->clientSubject.size(), longestSubject));
}

void Session::complete(ExchangePtr exchange, const http::RequestHead &head, QByteArray body, const QByteArray &layout)
{
    const HttpSettings &settings = m_port->http;
    if (!head.field("upgrade").isNull() && !checkUpgrade(*exchange, head, !body.isEmpty() || exchange->isBodyStreamed))
        return;
    const bool isSecure = m_port->tls != nullptr;
    const Origin origin = {m_peer, m_connectionId, m_isPeerTrusted, isSecure, m_port->number, clientCertificate()};
    if (const Result<void> made = makeOrder(*exchange, head, body, layout, origin, settings); !made) {
        refuse(made.error().code() == Error::TooLarge ? http::Refusal{413, "too much besides the body"}
                                                      : http::Refusal{400, "contradicting proxies"},
               made.error().message());
        return;
    }
    exchange->order.isHandshake = exchange->upgrade != nullptr;
    exchange->mayBeStatic = settings.staticFiles && settings.staticFiles->mayHave(head);
    exchange->isConnectionReused = m_requestCount > 0;
    ++m_requestCount;
    if (settings.keepAliveRequests > 0 && m_requestCount >= quint32(settings.keepAliveRequests))
        exchange->keepAlive = false;
    m_awaitsUpgrade = exchange->upgrade != nullptr;
    takeTurn(std::move(exchange));
}

bool Session::checkUpgrade(Exchange &exchange, const http::RequestHead &head, bool hasBody)
{
    namespace websocket = protocol::websocket;
    const websocket::UpgradeCheck check = websocket::checkUpgrade(head);
    if (const auto *refusal = std::get_if<http::Refusal>(&check)) {
        refuse(*refusal);
        return false;
    }
    const auto *opening = std::get_if<websocket::OpeningHandshake>(&check);
    if (!opening || hasBody)
        return true;
    exchange.upgrade = std::make_unique<UpgradeOffer>();
    exchange.upgrade->accept = websocket::acceptKey(opening->key);
    const LiveSettings &live = m_port->live;
    exchange.upgrade->deflate =
        websocket::negotiateDeflate(opening->extensions, {live.compression, live.contextTakeover});
    return true;
}

void Session::takeTurn(ExchangePtr exchange)
{
    // RFC 9112 §9.6: what follows a request that closes the connection is not looked at.
    m_inputDone = !exchange->keepAlive && exchange->isBodyComplete;
    m_hasExchange = true;
    exchange->awaited = exchange->received;
    if (!m_exchange) {
        start(std::move(exchange));
        return;
    }
    rare().waitingBytes += exchange->payload.size() + exchange->order.body.size();
    rare().waiting.push_back(std::move(exchange));
}

void Session::refuse(const http::Refusal &refusal, const QString &problem)
{
    qCDebug(logHttp, "refused a request from %s with %d: %s", m_peer.address, refusal.status, refusal.reason);
    m_inputDone = true;
    if (isStreamingBody()) {
        if (isAnswerSettled()) {
            // All of the answer is on its way, and closes the connection.
            m_exchange->keepAlive = false;
            return;
        }
        // Its handler has begun already. A part of its answer cannot be taken back.
        m_host->dispatcher().abandon(m_exchange->requestId);
        if (m_exchange->status != 0) {
            end();
            return;
        }
        m_exchange->keepAlive = false;
        answerError(refusal.status);
        return;
    }
    ExchangePtr exchange = unreadExchange();
    if (m_rare)
        m_rare->body.reset();
    exchange->refusedWith = refusal.status;
    exchange->refusedBecause = refusal.reason;
    if (!problem.isEmpty())
        qCWarning(logHttp).noquote() << "request" << RequestId::text(exchange->requestId) << "from" << m_peer.address
                                     << "is refused:" << problem;
    takeTurn(std::move(exchange));
}

Session::ExchangePtr Session::unreadExchange()
{
    auto exchange = std::make_unique<Exchange>();
    number(*exchange);
    exchange->received = m_rare && m_rare->body ? m_rare->body->begun() : std::chrono::steady_clock::now();
    exchange->isHead = m_decoder.isHeadRequest();
    exchange->keepAlive = false;
    exchange->isConnectionReused = m_requestCount > 0;
    if (const http::RequestHead *head = m_decoder.knownHead()) {
        exchange->method = metrics::httpMethod(head->methodBytes());
        exchange->minorVersion = head->minorVersion;
        exchange->isHead = exchange->isHead || head->methodBytes() == "HEAD";
        // What proxies say of the client is for the log alone, and no reason any more.
        if (!makeOrder(*exchange, *head, {}, {},
                       {m_peer, m_connectionId, m_isPeerTrusted, m_port->tls != nullptr, m_port->number}, settings()))
            (void)makeOrder(*exchange, *head, {}, {},
                            {m_peer, m_connectionId, false, m_port->tls != nullptr, m_port->number}, settings());
    }
    return exchange;
}

} // namespace Quern::dispatch
