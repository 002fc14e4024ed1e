#include "dispatch/websocketsession.h"

#include "dispatch/livehub.h"
#include "dispatch/log.h"

#include <QtEndian>

namespace Quern::dispatch {

namespace websocket = protocol::websocket;
using websocket::ContextTakeover;

/// What one connection keeps between its messages, if the settings want it so.
struct WebSocketSession::Context
{
    explicit Context(const websocket::DeflateAgreement &agreement)
    {
        if (agreement.clientTakesOver)
            inflater = std::make_unique<websocket::Inflater>(ContextTakeover::Yes, agreement.clientWindowBits);
        if (agreement.serverTakesOver)
            deflater = std::make_unique<websocket::Deflater>(ContextTakeover::Yes, agreement.serverWindowBits);
    }

    std::unique_ptr<websocket::Inflater> inflater;
    std::unique_ptr<websocket::Deflater> deflater;
};

WebSocketSession::WebSocketSession(std::unique_ptr<net::Connection> ownConnection, ReactorPort *port,
                                   const net::Peer &peer, SessionHost *host, const Opening &opening)
    : LiveSession(std::move(ownConnection), port, peer, host)
    , m_context(opening.deflate && (opening.deflate->clientTakesOver || opening.deflate->serverTakesOver)
                    ? std::make_unique<Context>(*opening.deflate)
                    : nullptr)
    , m_decoder(limits(), !opening.deflate                   ? nullptr
                          : m_context && m_context->inflater ? m_context->inflater.get()
                                                             : &host->live().deflate().inflater())
    , m_windowBits(opening.deflate ? quint8(opening.deflate->serverWindowBits) : quint8(0))
{
}

WebSocketSession::~WebSocketSession() = default;

websocket::MessageLimits WebSocketSession::limits() const
{
    websocket::MessageLimits limits;
    limits.messageBytes = quint32(qMin<quint64>(m_port->live.messageBytes, UINT32_MAX));
    return limits;
}

void WebSocketSession::start(Opening opening, QByteArrayView begun)
{
    if (!publish(ipc::ConnectionKind::WebSocket, std::move(opening.pattern))) {
        fails(websocket::TryAgainLater, "too many connections");
        settle();
        return;
    }
    live()->handshakeChild = opening.childId;
    hub().lanes().settleWith(live(), opening.childId);
    QByteArray body(8, Qt::Uninitialized);
    qToLittleEndian(opening.requestId, body.data());
    submit(ipc::EventKind::Open, body + opening.request);
    parse(begun);
    // Its client may have gone, or the server begun to stop, while the handshake was under way.
    if (!hasEnded() && connection().hasInputEnded())
        inputEnded();
    else if (m_host->isDraining())
        drain();
    settle();
}

void WebSocketSession::bytesReceived(QByteArrayView bytes)
{
    if (isLingering())
        return;
    m_isPinged = false;
    if (m_carry.isEmpty()) {
        parse(bytes);
    } else {
        m_carry.append(bytes);
        parseRest();
    }
    if (hasEnded() || isLingering())
        return;
    if (isClosed() || connection().hasOutput())
        settle();
    else
        m_host->armWait(this, quietWait());
}

void WebSocketSession::parse(QByteArrayView bytes)
{
    if (!m_decoder.inMessage())
        m_decoder.setLimits(limits()); // a reload may have changed them
    while (!bytes.isEmpty() && !hasEnded() && !m_isOver && (isClosed() || mayParse())) {
        websocket::Decoder::Step step = m_decoder.feed(bytes);
        bytes = bytes.sliced(step.consumed);
        act(std::move(step));
    }
    if (!bytes.isEmpty() && !hasEnded() && !m_isOver)
        m_carry.append(bytes);
    updateReading();
}

void WebSocketSession::parseRest()
{
    if (m_carry.isEmpty())
        return;
    const QByteArray bytes = std::exchange(m_carry, QByteArray());
    parse(bytes);
}

void WebSocketSession::act(websocket::Decoder::Step step)
{
    using Event = websocket::Decoder::Event;
    switch (step.event) {
    case Event::None:
        break;
    case Event::Text:
    case Event::Binary: {
        if (isClosed())
            break; // it had not heard of that yet
        ipc::PortCounters &counters = hub().registry().counters(m_port->number);
        addTo(counters.received, 1);
        addTo(counters.bytesReceived, quint64(step.payload.size()));
        noteInput(step.payload.size());
        submit(step.event == Event::Text ? ipc::EventKind::Text : ipc::EventKind::Binary, std::move(step.payload));
        break;
    }
    case Event::Ping:
        noteInput(0);
        sendControl(websocket::Opcode::Pong, step.payload);
        break;
    case Event::Pong:
        noteInput(0);
        break;
    case Event::Close:
        peerCloses(step.closeCode, step.payload);
        break;
    case Event::Failure:
        fails(step.closeCode, step.payload);
        break;
    }
}

void WebSocketSession::peerCloses(int code, const QByteArray &reason)
{
    closed(code, QString::fromUtf8(reason), ipc::Closer::Peer);
    // RFC 6455 §5.5.1: it gets back what it has sent.
    sendClose(code, {});
    m_isOver = true;
    if (!hasEnded() && !connection().hasOutput())
        linger();
}

void WebSocketSession::fails(int code, const QByteArray &reason)
{
    qCDebug(logHttp).noquote() << "a WebSocket of" << m_peer.address << "is closed with" << code << reason;
    closed(code, QString::fromUtf8(reason), ipc::Closer::Server);
    sendClose(code, reason);
    m_isOver = true;
    if (!hasEnded() && !connection().hasOutput())
        linger();
}

void WebSocketSession::close(int code, QByteArrayView reason, ipc::Closer closer)
{
    if (isClosed() || hasEnded())
        return;
    closed(code, QString::fromUtf8(reason), closer);
    sendClose(code, reason);
    parseRest(); // what closes the other side may be there already
    updateReading();
    settle();
}

void WebSocketSession::sendClose(int code, QByteArrayView reason)
{
    if (std::exchange(m_isCloseSent, true) || hasEnded())
        return;
    QByteArray frame;
    websocket::appendCloseFrame(frame, quint16(code), reason);
    connection().write(frame);
    outputGrown();
}

void WebSocketSession::sendControl(websocket::Opcode opcode, QByteArrayView payload)
{
    if (m_isCloseSent || hasEnded())
        return;
    QByteArray frame;
    websocket::appendFrameHeader(frame, opcode, true, false, quint64(payload.size()));
    frame.append(payload);
    connection().write(frame);
    outputGrown();
}

void WebSocketSession::write(Outgoing &message)
{
    const bool isCompressed = m_windowBits > 0 && message.bytes().size() >= m_port->live.compressionMinLength;
    if (isCompressed && m_context && m_context->deflater) {
        QByteArray head;
        const QByteArray payload = m_context->deflater->compress(message.bytes());
        websocket::appendFrameHeader(head, message.opcode(), true, true, quint64(payload.size()));
        put(head, payload);
        return;
    }
    const Outgoing::Frame frame = isCompressed ? message.compressedFrame(m_windowBits) : message.plainFrame();
    put(frame.head, frame.rest);
}

void WebSocketSession::outputGone()
{
    if (m_isOver)
        linger();
}

void WebSocketSession::inputEnded()
{
    if (hasEnded())
        return;
    closed(websocket::AbnormalClosure, {}, ipc::Closer::Peer);
    end();
}

Wait WebSocketSession::quietWait() const
{
    if (m_isPinged)
        return Wait::Pong;
    const LiveSettings &settings = m_port->live;
    const bool pings = settings.pingInterval.count() > 0;
    if (settings.idleTime.count() > 0 && (!pings || settings.idleTime <= settings.pingInterval))
        return Wait::Idle;
    return pings ? Wait::Silence : Wait::None;
}

void WebSocketSession::quietTooLong()
{
    const LiveSettings &settings = m_port->live;
    if (m_isPinged) {
        closed(websocket::AbnormalClosure,
               QStringLiteral("no pong within %1 s").arg(std::chrono::duration<double>(settings.pongTimeout).count()),
               ipc::Closer::Server);
        end();
    } else if (quietWait() == Wait::Idle) {
        close(websocket::GoingAway, "idle for longer than heartbeat_idle_time", ipc::Closer::Server);
    } else {
        sendControl(websocket::Opcode::Ping, {});
        m_isPinged = true;
        settle();
    }
}

} // namespace Quern::dispatch
