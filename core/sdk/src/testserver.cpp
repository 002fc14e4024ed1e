#include "testserver_p.h"

#include "exceptiontext_p.h"
#include "pipeline_p.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QScopedValueRollback>
#include <QTimer>
#include <QtEndian>

#include <algorithm>

namespace Quern {

namespace {

constexpr int maxPage = 10'000;
/// What a UDP datagram over IPv4 can hold, in bytes.
constexpr qsizetype maxUdpPayload = 65507;
/// RFC 6455 §7.4.1: against the rules of the server.
constexpr int policyViolation = 1008;

Error notThere(ConnectionId id)
{
    return Error(Error::NotFound, QStringLiteral("connection %1 is not there any more").arg(id.value()));
}

QString placeOf(const RouteSpec &route)
{
    return QStringLiteral("%1 %2 of plugin %3")
        .arg(route.isSocket() ? QStringLiteral("socket handler") : QStringLiteral("WebSocket route"),
             QString::fromUtf8(route.pattern), route.plugin);
}

/// Error::TooLarge for more than \a limit.
Result<void> checkSize(qsizetype size, qsizetype limit = TestServer::MaxMessage)
{
    if (size <= limit)
        return {};
    return Error(Error::TooLarge,
                 QStringLiteral("%1 bytes are more than the %2 that are taken: send it in parts, or raise "
                                "package_max_length, whose default counts in a test")
                     .arg(size)
                     .arg(limit));
}

} // namespace

TestServer::TestServer(const ApplicationPrivate &application, std::chrono::milliseconds deadline)
    : m_application(application)
    , m_before(setServer(this))
    , m_deadline(deadline)
    , m_tasks(application)
    , m_processes(std::make_shared<TestProcesses>(application))
{
    m_ports.push_back({.name = QStringLiteral("main"), .address = {}, .handler = {}});
    for (const RouteSpec &route : application.routes) {
        if (route.isSocket()) {
            addPort(route.pattern, PortInfo::Kind::Stream);
            addPort(route.pattern, PortInfo::Kind::Datagram);
        } else if (portOf(route.service, PortInfo::Kind::Http) < 0) {
            addPort(route.service, PortInfo::Kind::Http);
        }
    }
}

TestServer::~TestServer()
{
    if (&serverBackend() == this)
        setServer(m_before);
    for (const auto &[id, connected] : m_connections) {
        const std::lock_guard lock(connected.client->mutex);
        connected.client->isOpen = false;
    }
}

void TestServer::addPort(const QByteArray &handler, PortInfo::Kind kind)
{
    m_ports.push_back(
        {.name = QString::fromUtf8(handler), .address = {}, .kind = kind, .handler = QString::fromUtf8(handler)});
}

int TestServer::portOf(const QByteArray &handler, PortInfo::Kind kind) const
{
    for (std::size_t number = 0; number < m_ports.size(); ++number) {
        if (m_ports[number].kind == kind && m_ports[number].handler == QString::fromUtf8(handler))
            return int(number);
    }
    return -1;
}

std::vector<PortEntry> TestServer::entries() const
{
    std::vector<PortEntry> all;
    for (const PortInfo &port : m_ports)
        all.push_back({port.name, port.handler.toUtf8()});
    return all;
}

std::optional<quint8> TestServer::httpPort(const QByteArray &handler) const
{
    const int port = portOf(handler, PortInfo::Kind::Http);
    return port < 0 ? std::nullopt : std::optional(quint8(port));
}

Result<TestServer::Connected *> TestServer::find(ConnectionId id)
{
    const auto found = m_connections.find(id.value());
    if (found == m_connections.end())
        return notThere(id);
    return &found->second;
}

Result<void> TestServer::checkOutput(const Connected &connected, qsizetype size)
{
    if (const Result<void> fits = checkSize(size); !fits)
        return fits;
    const quint64 waiting = connected.info.pendingBytes;
    if (waiting == 0 || waiting + quint64(size) <= MaxWaiting)
        return {};
    return Error(Error::Busy, QStringLiteral("connection %1 has %2 bytes waiting for its client already: send when "
                                             "onBufferEmpty() is called")
                                  .arg(connected.info.id.value())
                                  .arg(waiting));
}

void TestServer::deliver(Connected &connected, QByteArrayView message, MessageType type)
{
    const bool isStream = connected.info.kind == ConnectionInfo::Kind::Stream;
    connected.info.bytesSent += quint64(message.size());
    PortInfo &port = m_ports[std::size_t(connected.port)];
    ++port.sent;
    port.bytesSent += quint64(message.size());
    const TestMessage sent{isStream ? MessageType::Binary : type, message.toByteArray()};
    if (connected.isReading) {
        const std::lock_guard lock(connected.client->mutex);
        connected.client->received.append(sent);
        return;
    }
    connected.waiting.append(sent);
    connected.info.pendingBytes += quint64(message.size());
    if (connected.isFull || connected.info.pendingBytes < HighWatermark)
        return;
    connected.isFull = true;
    happen(connected, [](const LiveHandlers &handlers, const Connection &connection) {
        if (handlers.bufferFull)
            handlers.bufferFull(connection);
    });
}

void TestServer::deliverTo(const std::function<bool(const Connected &)> &isMeant, QByteArrayView message,
                           MessageType type, ConnectionId except)
{
    const std::lock_guard lock(m_mutex);
    QList<quint64> slow;
    for (auto &[id, connected] : m_connections) {
        if (connected.info.id == except || !isMeant(connected))
            continue;
        deliver(connected, message, type);
        if (connected.info.pendingBytes > MaxWaiting)
            slow.append(id);
    }
    for (const quint64 id : slow) {
        const ConnectionInfo &info = m_connections.at(id).info;
        end(id, {info.kind == ConnectionInfo::Kind::WebSocket ? policyViolation : 0,
                 QStringLiteral("it reads too slowly: %1 bytes waited, more than socket_buffer_size")
                     .arg(info.pendingBytes),
                 ClosedBy::Server});
    }
}

Outcome TestServer::push(ConnectionId id, QByteArrayView message, MessageType type)
{
    if (const Result<void> checked = checkMessage(message, type); !checked)
        return checked;
    const std::lock_guard lock(m_mutex);
    const Result<Connected *> found = find(id);
    if (!found)
        return found.error();
    if ((*found)->info.kind != ConnectionInfo::Kind::WebSocket)
        return Error(Error::Invalid,
                     QStringLiteral("connection %1 is a stream and takes no messages: use send()").arg(id.value()));
    if (const Result<void> fits = checkOutput(**found, message.size()); !fits)
        return fits;
    deliver(**found, message, type);
    return {};
}

Outcome TestServer::send(ConnectionId id, QByteArrayView bytes)
{
    const std::lock_guard lock(m_mutex);
    const Result<Connected *> found = find(id);
    if (!found)
        return found.error();
    if ((*found)->info.kind != ConnectionInfo::Kind::Stream)
        return Error(Error::Invalid,
                     QStringLiteral("connection %1 is a WebSocket and takes messages: use push()").arg(id.value()));
    if (const Result<void> fits = checkOutput(**found, bytes.size()); !fits)
        return fits;
    deliver(**found, bytes, MessageType::Binary);
    return {};
}

Outcome TestServer::sendTo(const QString &port, const QString &address, quint16 remotePort, QByteArrayView bytes)
{
    const int number = portOf(port.toUtf8(), PortInfo::Kind::Datagram);
    if (number < 0)
        return Error(Error::NotFound, QStringLiteral("there is no datagram port \"%1\"").arg(port));
    QByteArray peer(2, Qt::Uninitialized);
    qToLittleEndian(remotePort, peer.data());
    return reply(number, 0, peer + address.toUtf8(), bytes);
}

Outcome TestServer::reply(int port, int, const QByteArray &peer, QByteArrayView bytes)
{
    const Datagram sent(port, 0, peer, bytes);
    const bool isUnix = sent.remoteAddress().startsWith(u'/');
    if (const Result<void> fits = checkSize(bytes.size(), isUnix ? MaxMessage : maxUdpPayload); !fits)
        return fits;
    const std::lock_guard lock(m_mutex);
    PortInfo &from = m_ports[std::size_t(port)];
    ++from.sent;
    from.bytesSent += quint64(bytes.size());
    m_packets.append({from.name, sent.remoteAddress(), sent.remotePort(), bytes.toByteArray()});
    return {};
}

Outcome TestServer::close(ConnectionId id, int code, const QString &reason)
{
    const std::lock_guard lock(m_mutex);
    const Result<Connected *> found = find(id);
    if (!found)
        return found.error();
    const bool isWebSocket = (*found)->info.kind == ConnectionInfo::Kind::WebSocket;
    if (const Result<void> checked = checkCloseCode(code); isWebSocket && !checked)
        return checked;
    end(id.value(), {isWebSocket ? code : 0, QString::fromUtf8(closeReasonBytes(reason)), ClosedBy::Application});
    return {};
}

void TestServer::end(quint64 id, const CloseReason &reason)
{
    const Connected ended = m_connections.at(id);
    m_connections.erase(id);
    --m_ports[std::size_t(ended.port)].connections;
    {
        const std::lock_guard lock(ended.client->mutex);
        ended.client->isOpen = false;
        ended.client->closeReason = reason;
        if (reason.closedBy == ClosedBy::Application)
            ended.client->received += ended.waiting; // it leaves before
    }
    happen(ended, [reason](const LiveHandlers &handlers, const Connection &connection) {
        if (handlers.close)
            handlers.close(connection, reason);
    });
}

Outcome TestServer::broadcast(QByteArrayView message, MessageType type, const Audience &audience)
{
    QSet<int> numbers;
    bool isText = audience.port.isEmpty();
    for (std::size_t number = 0; number < m_ports.size() && !audience.port.isEmpty(); ++number) {
        if (m_ports[number].name != audience.port || m_ports[number].kind == PortInfo::Kind::Datagram)
            continue;
        numbers.insert(int(number));
        isText = isText || m_ports[number].kind == PortInfo::Kind::Http;
    }
    if (numbers.isEmpty() && !audience.port.isEmpty())
        return Error(Error::NotFound,
                     QStringLiteral("there is no port \"%1\" that has connections").arg(audience.port));
    if (const Result<void> checked = checkMessage(message, isText ? type : MessageType::Binary); !checked)
        return checked;
    if (const Result<void> fits = checkSize(message.size()); !fits)
        return fits;
    const auto isMeant = [&numbers](const Connected &connected) {
        return numbers.isEmpty() ? connected.info.kind == ConnectionInfo::Kind::WebSocket
                                 : numbers.contains(connected.port);
    };
    deliverTo(isMeant, message, type, audience.except);
    return {};
}

Result<void> TestServer::change(ConnectionId id, const std::function<void(Connected &)> &change)
{
    const std::lock_guard lock(m_mutex);
    const Result<Connected *> found = find(id);
    if (!found)
        return found.error();
    change(**found);
    return {};
}

Outcome TestServer::join(ConnectionId id, QByteArrayView room)
{
    if (const Result<void> checked = checkRoomName(room); !checked)
        return checked;
    return change(id, [&](Connected &connected) { connected.rooms.insert(room.toByteArray()); });
}

Outcome TestServer::leave(ConnectionId id, QByteArrayView room)
{
    if (const Result<void> checked = checkRoomName(room); !checked)
        return checked;
    return change(id, [&](Connected &connected) { connected.rooms.remove(room.toByteArray()); });
}

Outcome TestServer::bind(ConnectionId id, QByteArrayView user)
{
    if (const Result<void> checked = user.isEmpty() ? Result<void>() : checkUserName(user); !checked)
        return checked;
    return change(id, [&](Connected &connected) { connected.info.user = user.toByteArray(); });
}

Outcome TestServer::pushToRoom(QByteArrayView room, QByteArrayView message, MessageType type, ConnectionId except)
{
    if (const Result<void> checked = checkRoomName(room); !checked)
        return checked;
    if (const Result<void> checked = checkMessage(message, type); !checked)
        return checked;
    if (const Result<void> fits = checkSize(message.size()); !fits)
        return fits;
    const QByteArray name = room.toByteArray();
    deliverTo([&name](const Connected &connected) { return connected.rooms.contains(name); }, message, type, except);
    return {};
}

Outcome TestServer::pushToUser(QByteArrayView user, QByteArrayView message, MessageType type, ConnectionId except)
{
    if (const Result<void> checked = checkUserName(user); !checked)
        return checked;
    if (const Result<void> checked = checkMessage(message, type); !checked)
        return checked;
    if (const Result<void> fits = checkSize(message.size()); !fits)
        return fits;
    deliverTo([user](const Connected &connected) { return connected.info.user == user; }, message, type, except);
    return {};
}

bool TestServer::isEstablished(ConnectionId id) const
{
    const std::lock_guard lock(m_mutex);
    return m_connections.contains(id.value());
}

Result<ConnectionInfo> TestServer::info(ConnectionId id) const
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_connections.find(id.value());
    if (found == m_connections.end())
        return notThere(id);
    return found->second.info;
}

ConnectionPage TestServer::connections(ConnectionId after, int limit) const
{
    const std::lock_guard lock(m_mutex);
    ConnectionPage page;
    for (auto place = m_connections.upper_bound(after.value()); place != m_connections.end(); ++place) {
        if (page.connections.size() == qBound(1, limit, maxPage)) {
            page.next = page.connections.last().id;
            break;
        }
        page.connections.append(place->second.info);
    }
    return page;
}

QList<PortInfo> TestServer::ports() const
{
    const std::lock_guard lock(m_mutex);
    return {m_ports.begin(), m_ports.end()};
}

ServerStats TestServer::stats() const
{
    const std::lock_guard lock(m_mutex);
    ServerStats sums;
    for (const PortInfo &port : m_ports) {
        sums.connections += port.connections;
        sums.accepted += port.accepted;
        sums.received += port.received;
        sums.sent += port.sent;
        sums.bytesReceived += port.bytesReceived;
        sums.bytesSent += port.bytesSent;
    }
    sums.liveConnections = m_connections.size();
    sums.workerId = m_application.workerId;
    sums.workerEvents = m_handled;
    return sums;
}

void TestServer::happen(const Connected &connected, Handler handler, bool isFirst)
{
    m_events.push_back([this, client = connected.client, route = connected.route, user = connected.info.user,
                        handler = std::move(handler), isFirst] {
        if (client->isGivenUp)
            return;
        const Result<ConnectionInfo> now = info(client->id);
        try {
            handler(*route->live, Connection(client->id, now ? now->user : user));
        } catch (...) {
            client->note(QStringLiteral("%1 (%2)").arg(textOfCurrentException(), placeOf(*route)));
            if (!isFirst)
                return;
            client->isGivenUp = true;
            const std::lock_guard lock(m_mutex);
            if (m_connections.contains(client->id.value()))
                end(client->id.value(), {route->isSocket() ? 0 : 1011, {}, ClosedBy::Server});
        }
    });
    QMetaObject::invokeMethod(
        &m_home, [this] { callHandlers(); }, Qt::QueuedConnection);
}

void TestServer::callHandlers()
{
    if (m_isCalling)
        return;
    const QScopedValueRollback calling(m_isCalling, true);
    const auto self = shared_from_this(); // a handler may end the test
    for (;;) {
        std::function<void()> event;
        {
            const std::lock_guard lock(m_mutex);
            if (m_events.empty())
                return;
            event = std::move(m_events.front());
            m_events.pop_front();
            ++m_handled;
        }
        event();
    }
}

bool TestServer::waitUntil(const std::function<bool()> &condition) const
{
    const QDeadlineTimer deadline(m_deadline, Qt::PreciseTimer);
    QTimer tick; // what another thread does to a client does not wake this loop
    tick.start(1);
    while (!condition() && !deadline.hasExpired())
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    return condition();
}

} // namespace Quern
