#include "dispatch/streamsession.h"

#include "dispatch/livehub.h"
#include "dispatch/log.h"

namespace Quern::dispatch {

using protocol::framed::PackageSplitter;

StreamSession::StreamSession(std::unique_ptr<net::Connection> ownConnection, ReactorPort *port, const net::Peer &peer,
                             SessionHost *host)
    : LiveSession(std::move(ownConnection), port, peer, host)
    , m_framing(port->framing)
    , m_splitter(*m_framing)
{
}

void StreamSession::start()
{
    if (!m_port->tls) {
        begin();
        return;
    }
    connection().startTls(m_port->tls);
    m_host->armWait(this, Wait::Head);
}

void StreamSession::tlsEstablished()
{
    if (!isClosed()) // the server may be stopping
        begin();
}

void StreamSession::begin()
{
    if (!publish(ipc::ConnectionKind::Stream, m_port->handler)) {
        end();
        return;
    }
    submit(ipc::EventKind::Connect, {});
    settle();
}

void StreamSession::bytesReceived(QByteArrayView bytes)
{
    if (isClosed())
        return;
    noteInput(bytes.size());
    if (m_carry.isEmpty()) {
        parse(bytes);
    } else {
        m_carry.append(bytes);
        parseRest();
    }
    if (!hasEnded() && !isClosed() && !connection().hasOutput())
        m_host->armWait(this, quietWait());
}

void StreamSession::parse(QByteArrayView bytes)
{
    while (!bytes.isEmpty() && mayParse()) {
        const PackageSplitter::Step step = m_splitter.feed(bytes);
        bytes = bytes.sliced(step.consumed);
        switch (step.state) {
        case PackageSplitter::State::Incomplete:
            break;
        case PackageSplitter::State::Complete:
            packageArrived(m_splitter.takePackage());
            break;
        case PackageSplitter::State::Failed:
            qCDebug(logHttp).noquote() << "the connection of" << m_peer.address << "to port" << m_port->name
                                       << "is closed:" << m_splitter.reason();
            close(0, m_splitter.reason(), ipc::Closer::Server);
            return;
        }
    }
    m_splitter.release();
    if (!bytes.isEmpty() && !isClosed())
        m_carry.append(bytes);
    updateReading();
}

void StreamSession::packageArrived(QByteArray package)
{
    ipc::PortCounters &counters = hub().registry().counters(m_port->number);
    addTo(counters.received, 1);
    addTo(counters.bytesReceived, quint64(package.size()));
    submit(ipc::EventKind::Bytes, std::move(package));
}

void StreamSession::parseRest()
{
    if (!m_carry.isEmpty()) {
        const QByteArray bytes = std::exchange(m_carry, QByteArray());
        parse(bytes);
    }
    closeIfDone();
}

void StreamSession::inputEnded()
{
    if (isLingering())
        end();
    else
        closeIfDone();
}

void StreamSession::closeIfDone()
{
    // What it has asked before it ended its half is answered: handlers have run when no event is left.
    if (hasEnded() || isClosed() || !connection().hasInputEnded() || !m_carry.isEmpty() || live()->events > 0)
        return;
    const bool isCut = m_splitter.unfinishedBytes() > 0;
    close(0, isCut ? QByteArrayView("it ended within a package") : QByteArrayView(), ipc::Closer::Peer);
}

void StreamSession::close(int code, QByteArrayView reason, ipc::Closer closer)
{
    if (isClosed() || hasEnded())
        return;
    m_carry.clear();
    closed(code, QString::fromUtf8(reason), closer);
    if (connection().hasOutput())
        settle();
    else
        linger();
}

void StreamSession::write(Outgoing &message)
{
    put(message.bytes());
}

void StreamSession::outputGone()
{
    if (isClosed())
        linger();
}

Wait StreamSession::quietWait() const
{
    return m_port->live.idleTime.count() > 0 ? Wait::Idle : Wait::None;
}

void StreamSession::quietTooLong()
{
    close(0, "idle for longer than heartbeat_idle_time", ipc::Closer::Server);
}

} // namespace Quern::dispatch
