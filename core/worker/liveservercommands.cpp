// The half of LiveServer that checks what is asked for, and makes commands of it.

#include "worker/liveserver.h"

#include <QHostAddress>

#include <algorithm>
#include <limits>
#include <optional>

namespace Quern::worker {

namespace {

using ipc::CommandKind;
using ipc::CommandMessage;

/// What a UDP datagram over IPv4 can hold, in bytes.
constexpr qsizetype maxUdpPayload = 65507;
/// What sun_path holds, in bytes, with the NUL at its end.
constexpr qsizetype maxUnixPath = 108;

ipc::Payload payloadOf(MessageType type)
{
    return type == MessageType::Text ? ipc::Payload::Text : ipc::Payload::Binary;
}

Error notThere(ConnectionId id)
{
    return Error(Error::NotFound, QStringLiteral("connection %1 is not there any more").arg(id.value()));
}

Error tooLarge(qsizetype size, quint64 limit, const QString &port)
{
    return Error(Error::TooLarge, QStringLiteral("%1 bytes are more than the %2 that port \"%3\" takes: send it in "
                                                 "parts, or raise package_max_length")
                                      .arg(size)
                                      .arg(limit)
                                      .arg(port));
}

bool isUnix(const ipc::BootMessage::Port &port)
{
    return port.address.startsWith(QLatin1StringView("unix:"));
}

/// The other end as the master's sockets know it. Error::Invalid if a port of that kind cannot send there.
Result<ipc::PacketPeer> peerOf(const ipc::BootMessage::Port &port, const QString &address, quint16 remotePort)
{
    if (isUnix(port)) {
        const QByteArray path = address.toUtf8();
        if (!path.startsWith('/') || path.size() >= maxUnixPath || path.contains('\0'))
            return Error(Error::Invalid,
                         QStringLiteral("port \"%1\" sends to absolute paths of at most %2 bytes, not to "
                                        "\"%3\"")
                             .arg(port.name)
                             .arg(maxUnixPath - 1)
                             .arg(address));
        return ipc::PacketPeer{path, 0};
    }
    QHostAddress host(address);
    if (host.isNull())
        return Error(Error::Invalid,
                     QStringLiteral("port \"%1\" sends to IP addresses, not to \"%2\": look names up before")
                         .arg(port.name, address));
    if (remotePort == 0)
        return Error(
            Error::Invalid,
            QStringLiteral("port \"%1\" cannot send to port 0 of %2: ports are 1 to 65535").arg(port.name, address));
    if (const quint32 mapped = host.toIPv4Address(); mapped != 0)
        host = QHostAddress(mapped); // it may have been written as "::ffff:192.0.2.1"
    // An IPv6 socket of the master is bound with IPV6_V6ONLY.
    const bool isIPv6Port = port.address.startsWith(u'[');
    if ((host.protocol() == QAbstractSocket::IPv6Protocol) != isIPv6Port)
        return Error(
            Error::Invalid,
            QStringLiteral("port \"%1\" listens on %2, and from there no datagram gets to %3: send from one "
                           "that listens on an %4 address")
                .arg(port.name, port.address, address, isIPv6Port ? QStringLiteral("IPv4") : QStringLiteral("IPv6")));
    return ipc::PacketPeer{host.toString().toUtf8(), remotePort};
}

} // namespace

Result<void> LiveServer::checkSize(qsizetype size, const Port &port) const
{
    quint64 limit = qMin<quint64>(port.messageBytes, std::numeric_limits<quint32>::max());
    if (port.kind == Port::Kind::Datagram && !isUnix(port))
        limit = qMin(limit, quint64(maxUdpPayload));
    return quint64(size) <= limit ? Result<void>() : tooLarge(size, limit, port.name);
}

Result<void> LiveServer::checkSize(qsizetype size) const
{
    const Port *roomiest = nullptr;
    for (const Port &port : m_ports) {
        if (port.kind != Port::Kind::Datagram && (!roomiest || port.messageBytes > roomiest->messageBytes))
            roomiest = &port;
    }
    return roomiest ? checkSize(size, *roomiest) : Result<void>();
}

Result<void> LiveServer::checkOutput(ConnectionId id, ipc::ConnectionKind kind, qsizetype size)
{
    const std::optional<ipc::ConnectionFacts> facts = m_table.facts(id.value());
    if (!facts || facts->port >= m_ports.size())
        return notThere(id);
    if (facts->kind != kind)
        return Error(Error::Invalid,
                     (kind == ipc::ConnectionKind::WebSocket
                          ? QStringLiteral("connection %1 is a stream and takes no messages: use send()")
                          : QStringLiteral("connection %1 is a WebSocket and takes messages: use push()"))
                         .arg(id.value()));
    const Port &port = m_ports.at(facts->port);
    if (const Result<void> fits = checkSize(size, port); !fits)
        return fits;
    const quint64 waiting = facts->pendingBytes + quint64(backlogOf(id.value()));
    if (waiting > 0 && waiting + quint64(size) > port.outputBytes)
        return Error(Error::Busy, QStringLiteral("connection %1 has %2 bytes waiting for its client already: send when "
                                                 "onBufferEmpty() is called")
                                      .arg(id.value())
                                      .arg(waiting));
    return {};
}

qint64 LiveServer::backlogOf(quint64 id)
{
    const auto reactor = std::size_t(ipc::ConnectionKey::of(id).reactor);
    if (!m_backlogs.at(reactor).isKept())
        return 0;
    const std::shared_lock lock(m_mutex);
    return m_channels.empty() ? 0 : m_backlogs[reactor].of(id, m_channels[reactor]->unsentBytes());
}

Result<void> LiveServer::command(ConnectionId id, const CommandMessage &message, QByteArrayView body)
{
    if (!m_table.contains(id.value()))
        return notThere(id);
    return dispatch(ipc::ConnectionKey::of(id.value()).reactor, id.value(), {message}, body);
}

Outcome LiveServer::sendToOne(ConnectionId id, ipc::ConnectionKind kind, const CommandMessage &message,
                              QByteArrayView body)
{
    const Result<void> checked = checkOutput(id, kind, body.size());
    const Result<void> sent = checked ? command(id, message, body) : checked;
    if (sent) {
        m_drainRequests.forget(id.value());
    } else if (sent.error().code() == Error::Busy && m_drainRequests.isDue(id.value())) {
        CommandMessage await;
        await.kind = CommandKind::AwaitDrain;
        if (!command(id, await))
            m_drainRequests.forget(id.value());
    }
    return sent;
}

Outcome LiveServer::push(ConnectionId id, QByteArrayView message, MessageType type)
{
    if (const Result<void> checked = checkMessage(message, type); !checked)
        return checked;
    CommandMessage sent;
    sent.payload = payloadOf(type);
    return sendToOne(id, ipc::ConnectionKind::WebSocket, sent, message);
}

Outcome LiveServer::send(ConnectionId id, QByteArrayView bytes)
{
    CommandMessage sent;
    sent.payload = ipc::Payload::Bytes;
    return sendToOne(id, ipc::ConnectionKind::Stream, sent, bytes);
}

Outcome LiveServer::sendTo(const QString &port, const QString &address, quint16 remotePort, QByteArrayView bytes)
{
    std::optional<Error> problem;
    for (qsizetype number = 0; number < m_ports.size(); ++number) {
        const Port &from = m_ports.at(number);
        if (from.name != port || from.kind != Port::Kind::Datagram)
            continue;
        const Result<ipc::PacketPeer> peer = peerOf(from, address, remotePort);
        if (peer)
            return reply(int(number), 0, peer->encode(), bytes);
        if (!problem)
            problem = peer.error(); // another address of the same entry may do
    }
    return problem.value_or(Error(Error::NotFound, QStringLiteral("there is no datagram port \"%1\"").arg(port)));
}

Outcome LiveServer::reply(int port, int reactor, const QByteArray &peer, QByteArrayView bytes)
{
    if (port < 0 || port >= m_ports.size() || m_ports.at(port).kind != Port::Kind::Datagram || reactor < 0)
        return Error(Error::NotFound, QStringLiteral("the port of this datagram is not there any more"));
    if (const Result<void> fits = checkSize(bytes.size(), m_ports.at(port)); !fits)
        return fits;
    CommandMessage sent;
    sent.kind = CommandKind::SendPacket;
    sent.payload = ipc::Payload::Bytes;
    sent.port = quint16(port);
    sent.name = peer;
    return dispatch(reactor, 0, {sent}, bytes);
}

Outcome LiveServer::close(ConnectionId id, int code, const QString &reason)
{
    const std::optional<ipc::ConnectionFacts> facts = m_table.facts(id.value());
    if (!facts)
        return notThere(id);
    CommandMessage closed;
    closed.kind = CommandKind::Close;
    if (facts->kind == ipc::ConnectionKind::WebSocket) {
        if (const Result<void> checked = checkCloseCode(code); !checked)
            return checked;
        closed.code = quint16(code);
    }
    return command(id, closed, closeReasonBytes(reason));
}

Outcome LiveServer::broadcast(QByteArrayView message, MessageType type, const Audience &audience)
{
    CommandMessage sent;
    sent.kind = CommandKind::Broadcast;
    sent.payload = payloadOf(type);
    sent.except = audience.except.value();
    QList<CommandMessage> all;
    for (int number = 0; number < int(m_ports.size()) && !audience.port.isEmpty(); ++number) {
        const Port &port = m_ports.at(number);
        if (port.name != audience.port)
            continue;
        if (port.kind == Port::Kind::Datagram)
            return Error(
                Error::Invalid,
                QStringLiteral("port \"%1\" takes datagrams and has no connections: use sendTo()").arg(port.name));
        if (const Result<void> fits = checkSize(message.size(), port); !fits)
            return fits;
        sent.port = quint16(number);
        sent.payload = port.kind == Port::Kind::Stream ? ipc::Payload::Bytes : payloadOf(type);
        all.append(sent);
    }
    if (audience.port.isEmpty()) {
        if (const Result<void> fits = checkSize(message.size()); !fits)
            return fits;
        all.append(sent);
    }
    if (all.isEmpty())
        return Error(Error::NotFound, QStringLiteral("there is no port \"%1\"").arg(audience.port));
    const bool isText = std::any_of(all.begin(), all.end(),
                                    [](const CommandMessage &each) { return each.payload == ipc::Payload::Text; });
    if (const Result<void> checked = checkMessage(message, isText ? type : MessageType::Binary); !checked)
        return checked;
    return dispatch(EveryReactor, 0, all, message);
}

Outcome LiveServer::join(ConnectionId id, QByteArrayView room)
{
    if (const Result<void> checked = checkRoomName(room); !checked)
        return checked;
    CommandMessage joined;
    joined.kind = CommandKind::Join;
    joined.name = room;
    return command(id, joined);
}

Outcome LiveServer::leave(ConnectionId id, QByteArrayView room)
{
    if (const Result<void> checked = checkRoomName(room); !checked)
        return checked;
    CommandMessage left;
    left.kind = CommandKind::Leave;
    left.name = room;
    return command(id, left);
}

Outcome LiveServer::bind(ConnectionId id, QByteArrayView user)
{
    if (const Result<void> checked = user.isEmpty() ? Result<void>() : checkUserName(user); !checked)
        return checked;
    CommandMessage bound;
    bound.kind = CommandKind::Bind;
    bound.name = user;
    return command(id, bound);
}

Outcome LiveServer::pushToRoom(QByteArrayView room, QByteArrayView message, MessageType type, ConnectionId except)
{
    if (const Result<void> checked = checkRoomName(room); !checked)
        return checked;
    return pushToMany(CommandKind::SendToRoom, room, message, type, except);
}

Outcome LiveServer::pushToUser(QByteArrayView user, QByteArrayView message, MessageType type, ConnectionId except)
{
    if (const Result<void> checked = checkUserName(user); !checked)
        return checked;
    return pushToMany(CommandKind::SendToUser, user, message, type, except);
}

Result<void> LiveServer::pushToMany(CommandKind kind, QByteArrayView name, QByteArrayView message, MessageType type,
                                    ConnectionId except)
{
    if (const Result<void> checked = checkMessage(message, type); !checked)
        return checked;
    if (const Result<void> fits = checkSize(message.size()); !fits)
        return fits;
    CommandMessage sent;
    sent.kind = kind;
    sent.payload = payloadOf(type);
    sent.except = except.value();
    sent.name = name;
    return dispatch(EveryReactor, 0, {sent}, message);
}

} // namespace Quern::worker
