// The half of LiveHub that does what workers want done.

#include "dispatch/livehub.h"
#include "dispatch/livesession.h"
#include "dispatch/log.h"

namespace Quern::dispatch {

namespace {

/// The log tells of what handlers do in vain this often at most.
constexpr std::chrono::seconds tellInterval(1);

} // namespace

void LiveHub::commandReceived(quint64 childId, quint64 id, const ipc::CommandMessage &message, bool moreFollow)
{
    m_moreFollow = moreFollow;
    m_assemblies.erase(childId);
    if (message.bodyLength > m_longestBody && message.kind != ipc::CommandKind::Close) {
        qCWarning(logDispatch) << "a worker sent a command of" << message.bodyLength
                               << "bytes, more than any port takes";
        return;
    }
    if (message.bodyPart.size() == qsizetype(message.bodyLength)) {
        execute(id, message, message.bodyPart);
        return;
    }
    Assembly &assembly = m_assemblies[childId];
    assembly.id = id;
    assembly.message = message;
    assembly.name = message.name.toByteArray();
    assembly.message.name = assembly.name;
    constexpr quint32 mostReserved = 4 * 1024 * 1024;
    assembly.body.reserve(qsizetype(qMin(message.bodyLength, mostReserved)));
    assembly.body.append(message.bodyPart);
}

void LiveHub::commandBodyReceived(quint64 childId, QByteArrayView part)
{
    const auto place = m_assemblies.find(childId);
    if (place == m_assemblies.end())
        return;
    QByteArray &body = place->second.body;
    const quint32 length = place->second.message.bodyLength;
    if (quint64(body.size()) + quint64(part.size()) > length) {
        qCWarning(logDispatch) << "a worker sent more of a command than it announced";
        m_assemblies.erase(place);
        return;
    }
    body.append(part);
    if (body.size() < qsizetype(length))
        return;
    const auto whole = m_assemblies.extract(place);
    execute(whole.mapped().id, whole.mapped().message, whole.mapped().body);
}

void LiveHub::commandsEnded(quint64 childId)
{
    m_assemblies.erase(childId);
    flushHeld();
}

void LiveHub::execute(quint64 id, const ipc::CommandMessage &message, QByteArrayView body)
{
    switch (message.kind) {
    case ipc::CommandKind::Send:
    case ipc::CommandKind::Close:
    case ipc::CommandKind::Join:
    case ipc::CommandKind::Leave:
    case ipc::CommandKind::Bind:
    case ipc::CommandKind::AwaitDrain:
        // It may have gone since: the worker could not know.
        if (LiveConnection *connection = m_registry.find(id); connection && connection->session)
            executeFor(connection, message, body);
        break;
    case ipc::CommandKind::Broadcast:
        broadcast(message, body);
        break;
    case ipc::CommandKind::SendToRoom:
    case ipc::CommandKind::SendToUser:
        deliverToAll(m_gatherings.members(message.name.toByteArray(), message.kind == ipc::CommandKind::SendToRoom),
                     message, body);
        break;
    case ipc::CommandKind::SendPacket:
        sendPacket(message, body);
        break;
    }
}

void LiveHub::executeFor(LiveConnection *connection, const ipc::CommandMessage &message, QByteArrayView body)
{
    const QByteArray name = message.name.toByteArray();
    switch (message.kind) {
    case ipc::CommandKind::Send: {
        Outgoing outgoing(message.payload, body, &m_deflate);
        connection->session->deliver(outgoing, LiveSession::Recipients::One);
        break;
    }
    case ipc::CommandKind::Close:
        connection->session->close(message.code, body, ipc::Closer::Application);
        break;
    case ipc::CommandKind::Join:
        if (m_gatherings.join(connection, name))
            break;
        if (const base::MonotonicTime now = base::coarseNow();
            m_roomsTold == base::MonotonicTime::min() || now > m_roomsTold + tellInterval) {
            m_roomsTold = now;
            qCWarning(logDispatch) << "connection" << connection->id << "is in" << Gatherings::MaxRooms
                                   << "rooms already: it cannot enter another";
        }
        break;
    case ipc::CommandKind::Leave:
        m_gatherings.leave(connection, name);
        break;
    case ipc::CommandKind::Bind:
        m_gatherings.bind(connection, name);
        m_registry.setUser(connection, name);
        break;
    case ipc::CommandKind::AwaitDrain:
        connection->session->awaitDrain();
        break;
    default:
        break;
    }
}

void LiveHub::deliverToAll(const std::vector<quint64> &ids, const ipc::CommandMessage &message, QByteArrayView body)
{
    Outgoing outgoing(message.payload, body, &m_deflate);
    const bool isHeld = m_moreFollow && body.size() <= MaxHeldMessage;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        prefetch(ids, i);
        const quint64 id = ids[i];
        // Those before may have been closed for it, which frees what is known of them.
        LiveConnection *connection = id == message.except ? nullptr : m_registry.find(id);
        if (!connection || !connection->session)
            continue;
        LiveSession *session = connection->session;
        if (!isHeld) {
            session->deliver(outgoing, LiveSession::Recipients::Many);
            continue;
        }
        if (!session->isHolding())
            m_holding.push_back(id);
        session->hold(outgoing);
        m_heldBytes += body.size();
        if (m_heldBytes >= MaxHeldBytes)
            flushHeld();
    }
}

void LiveHub::prefetch(const std::vector<quint64> &ids, std::size_t place) const
{
    // Each of thousands of connections is cold memory in three steps: each step is asked for while those before it are
    // under way.
    constexpr std::size_t far = 12;
    constexpr std::size_t near = 6;
    if (place + far < ids.size())
        m_registry.prefetch(ids[place + far]);
    if (place + near >= ids.size())
        return;
    const LiveConnection *connection = m_registry.find(ids[place + near]);
    if (connection && connection->session)
        connection->session->prefetch();
}

void LiveHub::flushHeld()
{
    m_heldBytes = 0;
    for (const quint64 id : std::exchange(m_holding, {})) {
        LiveConnection *connection = m_registry.find(id);
        if (connection && connection->session)
            connection->session->flush();
    }
}

void LiveHub::broadcast(const ipc::CommandMessage &message, QByteArrayView body)
{
    std::vector<quint64> chosen;
    for (const auto &connection : m_registry.all()) {
        if (!connection || !connection->session)
            continue;
        const bool isChosen = message.port == ipc::CommandMessage::AnyPort
                                  ? connection->kind == ipc::ConnectionKind::WebSocket
                                  : connection->session->port()->number == int(message.port);
        if (isChosen)
            chosen.push_back(connection->id);
    }
    deliverToAll(chosen, message, body);
}

void LiveHub::sendPacket(const ipc::CommandMessage &message, QByteArrayView body)
{
    const auto place = m_datagrams.find(int(message.port));
    const Result<ipc::PacketPeer> peer = ipc::PacketPeer::decode(message.name);
    if (place == m_datagrams.end() || !peer)
        return;
    const bool isPath = peer->address.startsWith('/') || peer->address.startsWith('@');
    const Result<net::SocketAddress> address =
        isPath ? net::SocketAddress::ofPath(peer->address) : net::SocketAddress::ofHost(peer->address, peer->port);
    const Result<void> sent = address ? place->second.socket->sendTo(*address, body) : Result<void>(address.error());
    if (!sent) {
        qCDebug(logDispatch).noquote() << "a datagram to" << peer->address << "is lost:" << sent.error().message();
        return;
    }
    ipc::PortCounters &counters = m_registry.counters(int(message.port));
    addTo(counters.sent, 1);
    addTo(counters.bytesSent, quint64(body.size()));
}

} // namespace Quern::dispatch
