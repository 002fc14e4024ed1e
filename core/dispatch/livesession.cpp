#include "dispatch/livesession.h"

#include "dispatch/livehub.h"
#include "dispatch/log.h"

namespace Quern::dispatch {

namespace {

/// Beside a message of the longest size its frame header and some control frames find room, in bytes.
constexpr qint64 framingBytes = 64 * 1024;
/// Who sends to one connection is told when its buffer is full. By then so much, in bytes, may be under way from there
/// beside one message of which a part is here: in the kernel, and what a worker's Backlog does not count.
constexpr qint64 mostUnderWay = 2 * 1024 * 1024;
/// A close code for clients that break a limit (RFC 6455 §7.4.1), and that for those that were cut off.
constexpr int policyViolation = 1008;
constexpr int abnormalClosure = 1006;

} // namespace

LiveSession::LiveSession(std::unique_ptr<net::Connection> connection, ReactorPort *port, const net::Peer &peer,
                         SessionHost *host)
    : ClientSession(port, peer, host)
    , m_connection(std::move(connection))
{
    m_connection->setEvents(this);
}

bool LiveSession::publish(ipc::ConnectionKind kind, QByteArray routePattern)
{
    ipc::ConnectionRecord record;
    record.kind = kind;
    record.port = quint8(m_port->number);
    record.remoteAddress = QByteArray(m_peer.address);
    record.remotePort = m_peer.port;
    record.openedMs = record.lastReceivedMs = hub().wallClock();
    m_live = hub().registry().add(this, record);
    if (!m_live)
        return false;
    hub().lanes().settle(m_live, record.remoteAddress);
    m_live->kind = kind;
    m_live->routePattern = std::move(routePattern);
    m_live->routeService = m_port->handler;
    return true;
}

void LiveSession::submit(ipc::EventKind kind, QByteArray body)
{
    auto event = std::make_unique<LiveEvent>();
    event->kind = kind;
    event->port = quint8(m_port->number);
    event->body = std::move(body);
    hub().lanes().submit(m_live, std::move(event));
}

bool LiveSession::mayParse() const
{
    return m_live && !m_isFull && hub().lanes().mayRead(m_live);
}

void LiveSession::updateReading()
{
    if (m_hasEnded)
        return;
    const bool isReading = m_isClosed || mayParse();
    m_connection->setReading(isReading);
    // While it was not read from, nobody could know whether it is quiet.
    if (std::exchange(m_isPaused, !isReading) && isReading && !m_isClosed && !m_connection->hasOutput())
        m_host->armWait(this, quietWait());
}

void LiveSession::eventsProgressed()
{
    if (m_isClosed || m_hasEnded)
        return;
    parseRest();
    updateReading();
}

void LiveSession::noteInput(qsizetype bytes)
{
    if (!m_live)
        return;
    addTo(m_live->slot->bytesReceived, quint64(bytes));
    m_live->slot->lastReceivedMs.store(hub().wallClock(), std::memory_order_relaxed);
}

bool LiveSession::admit(const Outgoing &message)
{
    if (!m_live)
        return false;
    if (quint64(message.bytes().size()) > m_port->live.messageBytes) {
        qCDebug(logDispatch) << "connection" << m_live->id << "is left out of what was sent to several: its port takes"
                             << m_port->live.messageBytes << "bytes at most";
        return false;
    }
    ipc::PortCounters &counters = hub().registry().counters(m_port->number);
    const auto size = quint64(message.bytes().size());
    addTo(counters.sent, 1);
    addTo(counters.bytesSent, size);
    addTo(m_live->slot->bytesSent, size);
    return true;
}

void LiveSession::deliver(Outgoing &message, Recipients recipients)
{
    if (!admit(message))
        return;
    write(message);
    if (m_isHolding)
        return;
    outputGrown(recipients);
    settle();
}

void LiveSession::hold(Outgoing &message)
{
    if (!admit(message))
        return;
    m_isHolding = true;
    write(message);
}

void LiveSession::flush()
{
    if (!std::exchange(m_isHolding, false) || m_hasEnded)
        return;
    m_connection->flush();
    outputGrown(Recipients::Many);
    settle();
}

void LiveSession::put(QByteArrayView bytes, QByteArrayView more)
{
    if (m_isHolding)
        m_connection->hold(bytes, more);
    else
        m_connection->write(bytes, more);
}

void LiveSession::outputGrown(Recipients recipients)
{
    if (m_hasEnded)
        return;
    const qint64 pending = m_connection->pendingOutput();
    if (pending == 0 && m_reserved == 0)
        return;
    if (!reserve(pending))
        return;
    if (m_live)
        m_live->slot->pendingBytes.store(quint32(qMin<qint64>(pending, UINT32_MAX)), std::memory_order_relaxed);
    const LiveSettings &settings = m_port->live;
    const qint64 longest = qint64(settings.messageBytes) + framingBytes;
    const qint64 grace = recipients == Recipients::One ? mostUnderWay + longest : 0;
    if (pending > qMax(settings.outputBytes, longest) + grace) {
        tooSlow(QStringLiteral("it reads too slowly: %1 bytes waited, more than socket_buffer_size").arg(pending));
    } else if (!m_isFull && pending >= settings.highWater && m_live) {
        m_isFull = true;
        submit(ipc::EventKind::BufferFull, {});
        updateReading();
    } else if (m_isFull && pending <= settings.lowWater) {
        m_isFull = false;
        if (m_live)
            submit(ipc::EventKind::BufferEmpty, {});
        eventsProgressed();
    }
}

void LiveSession::awaitDrain()
{
    if (!m_live || m_isFull)
        return;
    if (m_connection->pendingOutput() > m_port->live.lowWater) {
        m_isFull = true;
        updateReading();
    } else {
        submit(ipc::EventKind::BufferEmpty, {});
    }
}

bool LiveSession::reserve(qint64 pending)
{
    if (pending < m_reserved)
        hub().budget().give(m_reserved - pending);
    while (pending > m_reserved && !hub().budget().take(pending - m_reserved)) {
        // Not whoever comes last has to go: that would hit those who read well.
        LiveSession *slowest = m_host->isDraining() ? nullptr : hub().slowestReader();
        const bool isOther = slowest && slowest != this && slowest->m_reserved > pending;
        (isOther ? slowest : this)
            ->tooSlow(
                QStringLiteral("it reads too slowly: the memory for waiting output, output_buffer_total, is used up"));
        if (!isOther)
            return false;
    }
    m_reserved = pending;
    return true;
}

void LiveSession::tooSlow(const QString &reason)
{
    hub().tellOfSlowClient(m_peer, *m_port, reason);
    closed(policyViolation, reason, ipc::Closer::Server);
    m_connection->resetOnClose();
    end();
}

void LiveSession::closed(int code, const QString &reason, ipc::Closer closer)
{
    m_isClosed = true;
    if (std::exchange(m_isHolding, false))
        m_connection->flush();
    if (!m_live)
        return;
    LiveConnection *connection = std::exchange(m_live, nullptr);
    hub().sessionClosed(connection, *m_port, code, reason, closer);
}

void LiveSession::end()
{
    if (std::exchange(m_hasEnded, true))
        return;
    closed(abnormalClosure, {}, ipc::Closer::Server);
    hub().budget().give(std::exchange(m_reserved, 0));
    m_connection->close();
    m_host->sessionEnded(this);
}

void LiveSession::linger()
{
    if (m_isLingering || m_hasEnded)
        return;
    if (m_connection->hasInputEnded()) {
        end();
        return;
    }
    // Closing while the client still sends would make the kernel answer with a reset, which can destroy what it has
    // yet to read.
    m_isLingering = true;
    m_connection->shutdownOutput();
    m_connection->setReading(true);
    m_host->armWait(this, Wait::Linger);
}

void LiveSession::outputProgressed(qint64 pending)
{
    outputGrown();
    if (m_hasEnded)
        return;
    if (pending == 0)
        outputGone();
    if (!m_hasEnded && m_connection->hasOutput())
        m_host->armWait(this, Wait::Send); // the client reads: its time begins anew
    else
        settle();
}

void LiveSession::connectionLost()
{
    closed(abnormalClosure, {}, ipc::Closer::Peer);
    end();
}

void LiveSession::settle()
{
    if (m_hasEnded || m_isLingering)
        return;
    // A server that stops has less patience.
    const Wait closing = m_host->isDraining() ? Wait::Linger : Wait::Closing;
    const Wait due = m_connection->hasOutput() ? Wait::Send : m_isClosed ? closing : quietWait();
    if (due != m_wait)
        m_host->armWait(this, due);
}

void LiveSession::waitExpired()
{
    const Wait expired = std::exchange(m_wait, Wait::None);
    switch (expired) {
    case Wait::Send:
        if (m_isClosed)
            end();
        else
            tooSlow(QStringLiteral("it has read nothing for as long as send_timeout says"));
        break;
    case Wait::Linger:
    case Wait::Closing:
    case Wait::Head:
        end();
        break;
    default:
        if (expired != quietWait()) // a reload has changed what is waited for
            settle();
        else if (!m_isClosed && !mayParse())
            m_host->armWait(this, expired); // it is not read from: it may have sent what it should have
        else
            quietTooLong();
        break;
    }
}

void LiveSession::settingsChanged()
{
    settle();
}

void LiveSession::drain()
{
    constexpr int goingAway = 1001;
    if (m_isLingering)
        end();
    else if (!m_isClosed)
        close(goingAway, "the server is stopping", ipc::Closer::Server);
}

void LiveSession::abort()
{
    end();
}

} // namespace Quern::dispatch
