#include <Quern/connection.h>

#include "server_p.h"

#include <QDebug>
#include <QtEndian>

namespace Quern {

QDebug operator<<(QDebug debug, ConnectionId id)
{
    return debug << id.value();
}

Result<ConnectionInfo> Connection::info() const
{
    return server().info(m_id);
}

Outcome Connection::push(QByteArrayView message, MessageType type) const
{
    return server().push(m_id, message, type);
}

Outcome Connection::send(QByteArrayView bytes) const
{
    return server().send(m_id, bytes);
}

Outcome Connection::close(int code, const QString &reason) const
{
    return server().close(m_id, code, reason);
}

Outcome Connection::join(QByteArrayView room) const
{
    return server().join(m_id, room);
}

Outcome Connection::leave(QByteArrayView room) const
{
    return server().leave(m_id, room);
}

Outcome Connection::bind(QByteArrayView user) const
{
    return server().bind(m_id, user);
}

Datagram::Datagram(int port, int reactor, QByteArrayView peer, QByteArrayView payload)
    : m_peer(peer)
    , m_payload(payload)
    , m_port(port)
    , m_reactor(reactor)
{
}

// The peer is u16 port (little-endian) | address, as text.

QString Datagram::remoteAddress() const
{
    return QString::fromUtf8(m_peer.sliced(qMin<qsizetype>(m_peer.size(), 2)));
}

quint16 Datagram::remotePort() const
{
    return m_peer.size() < 2 ? quint16(0) : qFromLittleEndian<quint16>(m_peer.data());
}

bool Datagram::canReply() const
{
    return m_peer.size() > 2;
}

Outcome Datagram::reply(QByteArrayView bytes) const
{
    return replier()(bytes);
}

std::function<Outcome(QByteArrayView)> Datagram::replier() const
{
    return [port = m_port, reactor = m_reactor, peer = m_peer.toByteArray()](QByteArrayView bytes) -> Outcome {
        if (peer.size() <= 2)
            return Error(
                Error::Unavailable,
                QStringLiteral("the sender of this datagram is a socket without a name: it cannot be answered"));
        return serverBackend().reply(port, reactor, peer, bytes);
    };
}

} // namespace Quern
