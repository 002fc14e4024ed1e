#include "dispatch/session.h"

#include "dispatch/log.h"
#include "ipc/messages.h"
#include "protocol/http/errorpage.h"

#include <QHashFunctions>

namespace Quern::dispatch {

namespace http = protocol::http;

namespace {

/// Heads are put together here.
QByteArray &scratch()
{
    thread_local QByteArray bytes;
    constexpr qsizetype keptCapacity = 512 * 1024;
    if (bytes.capacity() > keptCapacity)
        bytes = QByteArray();
    bytes.resize(0);
    return bytes;
}

bool isSafeMethod(QByteArrayView method)
{
    return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

} // namespace

Session::Session(base::FileDescriptor fd, const net::Peer &peer, quint64 connectionId, SessionHost *host)
    : m_connection(std::move(fd), this)
    , m_decoder(host->settings().limits)
    , m_host(host)
    , m_peer(peer)
    , m_connectionId(connectionId)
{
}

void Session::start()
{
    m_host->armWait(this, Wait::Head);
}

void Session::startRefused()
{
    m_refused = true;
    m_keepAlive = false;
    answerSimply(503, "Retry-After: 1\r\n");
    settle(Progress::None);
}

bool Session::isBusy() const
{
    return m_requestId != 0 || m_closing || m_ended || m_connection.pendingOutput() > OutputLowMark;
}

void Session::bytesReceived(QByteArrayView bytes)
{
    if (m_lingering) {
        m_lingered += bytes.size();
        if (m_lingered > qMax(MinLinger, qsizetype(m_host->settings().limits.bodyBytes) + 1))
            end();
        return;
    }
    if (m_closing) {
        // Nothing more is answered; what comes must not stop the client from reading its last answer.
    } else if (m_carry.isEmpty() && !isBusy()) {
        parse(bytes);
    } else {
        m_carry.append(bytes);
        parseCarry();
    }
    settle(Progress::Input);
}

void Session::parse(QByteArrayView bytes)
{
    while (!bytes.isEmpty() && !isBusy()) {
        const http::RequestDecoder::Step step = m_decoder.feed(bytes);
        bytes = bytes.sliced(step.consumed);
        switch (step.state) {
        case http::RequestDecoder::State::Incomplete:
            break;
        case http::RequestDecoder::State::HeadComplete:
            if (m_decoder.head().expectContinue && bytes.isEmpty())
                m_connection.write("HTTP/1.1 100 Continue\r\n\r\n");
            break;
        case http::RequestDecoder::State::Complete:
            startRequest();
            m_decoder.releaseMessage(); // an idle connection keeps no heap
            break;
        case http::RequestDecoder::State::Refused:
            refuse();
            return;
        }
    }
    if (!bytes.isEmpty() && !m_closing && !m_ended)
        m_carry.append(bytes);
    m_connection.setReading(m_carry.size() < MaxCarry);
}

void Session::parseCarry()
{
    if (isBusy()) {
        m_connection.setReading(m_carry.size() < MaxCarry);
        return;
    }
    const QByteArray bytes = std::exchange(m_carry, QByteArray());
    parse(bytes);
}

void Session::startRequest()
{
    const http::RequestHead &head = m_decoder.head();
    m_keepAlive = head.keepAlive && !m_host->isDraining();
    m_isHead = head.isHead;
    m_minorVersion = head.minorVersion;

    RequestOrder order;
    order.body = m_decoder.takeBody();
    order.connectionId = m_connectionId;
    order.addressHash = qHash(QByteArrayView(m_peer.address));
    order.isSafe = isSafeMethod(head.methodBytes());
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    ipc::RequestParts parts;
    parts.receivedNs = base::toNanoseconds(now);
    parts.bodyLength = quint64(order.body.size());
    parts.remoteAddress = QByteArrayView(m_peer.address);
    parts.remotePort = m_peer.port;
    parts.minorVersion = head.minorVersion;
    parts.head = head.bytes;
    parts.method = head.method;
    parts.target = head.target;
    parts.headers = std::span(head.headers.constData(), std::size_t(head.headers.size()));
    order.payload = ipc::encodeRequest(parts);

    m_requestId = m_host->dispatcher().submit(std::move(order), now, this);
    if (m_requestId == 0)
        answerSimply(503, "Retry-After: 1\r\n");
}

void Session::refuse()
{
    const http::Refusal &refusal = m_decoder.refusal();
    qCDebug(logDispatch, "refused a request from %s with %d: %s", m_peer.address, refusal.status, refusal.reason);
    m_keepAlive = false;
    m_isHead = false;
    m_minorVersion = 1;
    answerSimply(refusal.status);
}

void Session::responseStarted(quint64, int status, QByteArrayView headerBlock, quint64 bodyLength,
                              QByteArrayView bodyPart)
{
    const bool withoutBody = m_isHead || !http::mayHaveBody(status);
    if (m_host->isDraining())
        m_keepAlive = false;
    QByteArray &out = scratch();
    http::appendHead(out, status, headerBlock, bodyLength, framing(), http::currentDate(),
                     m_host->settings().serverHeader);
    if (withoutBody) {
        m_connection.write(out);
    } else if (bodyPart.size() <= JoinedBody) {
        out.append(bodyPart);
        m_connection.write(out);
    } else {
        m_connection.write(out, bodyPart);
    }

    m_bodyLeft = bodyLength - quint64(bodyPart.size());
    if (m_bodyLeft > 0 && withoutBody) {
        m_host->dispatcher().abandon(m_requestId);
        m_bodyLeft = 0;
    }
    if (m_bodyLeft == 0)
        answered();
    else
        m_ungranted = quint32(bodyPart.size());
    settle(Progress::None);
}

void Session::responseContinued(quint64 requestId, QByteArrayView bodyPart)
{
    m_connection.write(bodyPart);
    m_bodyLeft -= quint64(bodyPart.size());
    if (m_bodyLeft == 0) {
        answered();
    } else {
        m_ungranted += quint32(bodyPart.size());
        if (m_connection.pendingOutput() < OutputLowMark)
            m_host->dispatcher().grant(requestId, std::exchange(m_ungranted, 0));
    }
    settle(Progress::None);
}

void Session::responseFailed(quint64, int status)
{
    if (m_host->isDraining())
        m_keepAlive = false;
    answerSimply(status, status == 503 ? QByteArrayView("Retry-After: 1\r\n") : QByteArrayView());
    parseCarry();
    settle(Progress::None);
}

void Session::responseBroken(quint64)
{
    m_requestId = 0;
    end();
}

void Session::answerSimply(int status, QByteArrayView extraHeaders)
{
    QByteArray &out = scratch();
    const http::ErrorPage page{.status = status, .accept = {}, .requestId = {}, .detail = {}};
    http::appendErrorResponse(out, page, extraHeaders, framing(), http::currentDate(), m_host->settings().serverHeader,
                              m_isHead);
    m_connection.write(out);
    m_requestId = 0;
    if (!m_keepAlive)
        closeAfterOutput();
}

void Session::answered()
{
    m_requestId = 0;
    m_ungranted = 0;
    if (!m_keepAlive || m_host->isDraining())
        closeAfterOutput();
    else
        parseCarry();
}

void Session::inputEnded()
{
    if (m_lingering || (!isBusy() && m_connection.pendingOutput() == 0)) {
        // Idle, or in the middle of a request that can never be complete.
        end();
        return;
    }
    // A client may close its half when it has asked all it wants (RFC 9112 §9.6): it is answered first.
    settle(Progress::None);
}

void Session::outputProgressed(qint64 pending)
{
    if (m_ungranted > 0 && pending < OutputLowMark)
        m_host->dispatcher().grant(m_requestId, std::exchange(m_ungranted, 0));
    if (pending == 0 && m_closing)
        linger();
    else if (!m_carry.isEmpty())
        parseCarry();
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
    m_connection.setReading(true);
    if (m_connection.pendingOutput() == 0)
        linger();
}

void Session::linger()
{
    if (m_lingering || m_ended)
        return;
    if (m_connection.hasInputEnded()) {
        end();
        return;
    }
    // Closing while the client still sends would make the kernel answer with a reset, which can destroy the answer
    // before the client has read it (RFC 9112 §9.6).
    m_lingering = true;
    m_connection.shutdownOutput();
    m_host->armWait(this, Wait::Linger);
}

void Session::end()
{
    if (m_ended)
        return;
    m_ended = true;
    if (m_requestId != 0)
        m_host->dispatcher().abandon(std::exchange(m_requestId, 0));
    m_connection.close();
    m_host->sessionEnded(this);
}

void Session::drain()
{
    if (m_requestId == 0 && m_connection.pendingOutput() == 0 && !m_lingering && !m_decoder.inMessage())
        end();
    else if (m_requestId == 0 && !m_decoder.inMessage())
        closeAfterOutput();
}

void Session::abort()
{
    end();
}

void Session::waitExpired()
{
    switch (m_wait) {
    case Wait::Head:
    case Wait::Body:
        if (m_decoder.inMessage()) {
            m_keepAlive = false;
            m_isHead = false;
            answerSimply(408);
            settle(Progress::None);
            return;
        }
        break;
    case Wait::Send:
        qCDebug(logDispatch, "closed the connection from %s: it takes no output", m_peer.address);
        break;
    case Wait::None:
    case Wait::KeepAlive:
    case Wait::Linger:
        break;
    }
    end();
}

void Session::settle(Progress progress)
{
    const bool allAnswered = m_requestId == 0 && m_carry.isEmpty();
    if (m_connection.hasInputEnded() && allAnswered && !m_closing)
        closeAfterOutput();
    if (m_ended || m_lingering)
        return;
    Wait wait = Wait::KeepAlive;
    if (m_connection.pendingOutput() > 0)
        wait = Wait::Send;
    else if (m_requestId != 0)
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

http::ResponseFraming Session::framing() const
{
    return {m_minorVersion, m_keepAlive};
}

} // namespace Quern::dispatch
