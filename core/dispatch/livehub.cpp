#include "dispatch/livehub.h"

#include "dispatch/livesession.h"
#include "dispatch/log.h"
#include "dispatch/reactor.h"
#include "net/endpoint.h"

#include <ctime>

namespace Quern::dispatch {

namespace {

/// The log tells of slow clients this often at most.
constexpr std::chrono::seconds slowClientInterval(1);
constexpr int goingAway = 1001;
constexpr int internalError = 1011;

qsizetype packetBytes(const Port &port)
{
    return qBound<qsizetype>(1, qsizetype(port.live.messageBytes), net::DatagramLimits::MaxPacket);
}

QString nameOf(const net::Peer &peer)
{
    if (peer.address[0] == '\0')
        return QStringLiteral("a Unix socket");
    return net::Endpoint{QString::fromLatin1(peer.address), peer.port, {}}.text();
}

std::shared_ptr<ipc::ConnectionTable> tableOf(const ReactorSettings &settings)
{
    if (settings.connections)
        return settings.connections;
    Result<ipc::ConnectionTable> own = ipc::ConnectionTable::create(settings.id + 1, 1);
    if (!own)
        qFatal("%s", qPrintable(own.error().message()));
    return std::make_shared<ipc::ConnectionTable>(std::move(*own));
}

} // namespace

LiveHub::LiveHub(const ReactorSettings &settings, SessionHost *host)
    : m_host(host)
    , m_registry(tableOf(settings), settings.id)
    , m_lanes(&host->dispatcher(), {settings.id, m_registry.reactorCount()}, settings.dispatch.mode,
              settings.dispatch.workerNum, this)
    , m_budget(settings.liveBudget)
{
    m_lanes.setRedeliver(settings.dispatch.redeliver);
    host->dispatcher().setLanes(&m_lanes);
    host->dispatcher().setCommandSink(this);
    reconfigure(settings.ports);
}

LiveHub::~LiveHub()
{
    m_host->dispatcher().setLanes(nullptr);
    m_host->dispatcher().setCommandSink(nullptr);
}

quint64 LiveHub::wallClock()
{
    timespec now = {};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return quint64(now.tv_sec) * 1000 + quint64(now.tv_nsec) / 1'000'000;
}

void LiveHub::receive(base::FileDescriptor socket, const ReactorPort *port)
{
    net::DatagramLimits limits;
    limits.packetBytes = packetBytes(*port);
    auto packets = std::make_unique<net::DatagramSocket>(
        std::move(socket), limits,
        [this, port](QByteArrayView bytes, const net::SocketAddress &peer) { packetReceived(port, bytes, peer); });
    m_datagrams[port->number] = {port, std::move(packets)};
}

void LiveHub::stopReceiving()
{
    m_isReceiving = false;
    for (const auto &[number, datagrams] : m_datagrams)
        datagrams.socket->stopReceiving();
}

void LiveHub::packetReceived(const ReactorPort *port, QByteArrayView bytes, const net::SocketAddress &peer)
{
    if (!m_isReceiving)
        return;
    ipc::PortCounters &counters = m_registry.counters(port->number);
    addTo(counters.received, 1);
    addTo(counters.bytesReceived, quint64(bytes.size()));
    auto event = std::make_unique<LiveEvent>();
    event->kind = ipc::EventKind::Packet;
    event->port = quint8(port->number);
    event->handler = port->handler;
    event->home = qHash(peer.bytes());
    event->name = ipc::PacketPeer{peer.address(), peer.port()}.encode();
    event->body = bytes.toByteArray();
    m_lanes.submitPacket(std::move(event));
}

void LiveHub::sessionClosed(LiveConnection *connection, const Port &port, int code, const QString &reason,
                            ipc::Closer closer)
{
    m_registry.withdraw(connection);
    m_gatherings.leaveAll(connection);
    connection->session = nullptr;
    auto event = std::make_unique<LiveEvent>();
    event->kind = ipc::EventKind::Close;
    event->port = quint8(port.number);
    event->code = quint16(code);
    event->closer = closer;
    event->body = reason.toUtf8();
    m_lanes.submit(connection, std::move(event));
}

void LiveHub::tellOfSlowClient(const net::Peer &peer, const Port &port, const QString &reason)
{
    // Where one client does not read, thousands may.
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    if (now < m_slowClientTold + slowClientInterval) {
        ++m_untoldSlowClients;
        return;
    }
    m_slowClientTold = now;
    const int untold = std::exchange(m_untoldSlowClients, 0);
    qCWarning(logDispatch).noquote().nospace()
        << "the connection of " << nameOf(peer) << " to port \"" << port.name << "\" is closed: " << reason
        << (untold > 0 ? QStringLiteral("; so were %1 others since the last line like this").arg(untold) : QString());
}

void LiveHub::eventsProgressed(LiveConnection *connection)
{
    if (connection->session)
        connection->session->eventsProgressed();
}

void LiveHub::connectionSettled(LiveConnection *connection)
{
    m_registry.release(connection);
}

void LiveHub::handlerMissing(LiveConnection *connection)
{
    if (!connection->session)
        return;
    qCWarning(logDispatch).noquote() << "connection" << connection->id
                                     << "is closed: the reload has left no handler for" << connection->routePattern;
    connection->session->close(goingAway, "its handler is gone", ipc::Closer::Server);
}

void LiveHub::openingLost(LiveConnection *connection)
{
    // Handlers would get messages of a connection that they have never seen open.
    if (connection->session)
        connection->session->close(internalError, "its worker died while it was opened", ipc::Closer::Server);
}

void LiveHub::reconfigure(const std::vector<Port> &ports)
{
    m_longestBody = 0;
    for (const Port &port : ports) {
        m_longestBody = qMax(m_longestBody, quint32(qMin<quint64>(port.live.messageBytes, UINT32_MAX)));
        if (const auto place = m_datagrams.find(port.number); place != m_datagrams.end())
            place->second.socket->setPacketBytes(packetBytes(port));
    }
}

void LiveHub::countLostPackets()
{
    for (auto &[number, datagrams] : m_datagrams) {
        const net::DatagramCounts &now = datagrams.socket->counts();
        const quint64 tooLong = now.tooLong - datagrams.counted.tooLong;
        const quint64 notTaken = now.lost - datagrams.counted.lost;
        datagrams.counted = now;
        m_lanes.addLostPackets(tooLong + notTaken);
        const auto tell = [&](quint64 count, const QString &why) {
            if (count > 0)
                qCWarning(logDispatch).noquote()
                    << QStringLiteral("port \"%1\" has dropped %2: %3")
                           .arg(datagrams.port->name,
                                count == 1 ? QStringLiteral("a datagram") : QStringLiteral("%1 datagrams").arg(count),
                                why);
        };
        tell(tooLong,
             QStringLiteral("longer than the %1 bytes of package_max_length").arg(packetBytes(*datagrams.port)));
        tell(notTaken, QStringLiteral("whom they were for did not take them"));
    }
}

void LiveHub::handlersChanged()
{
    std::vector<quint64> unserved;
    for (const auto &connection : m_registry.all()) {
        if (connection && connection->session && !m_lanes.isServed(connection.get()))
            unserved.push_back(connection->id);
    }
    for (const quint64 id : unserved) {
        if (LiveConnection *connection = m_registry.find(id))
            handlerMissing(connection);
    }
}

LiveSession *LiveHub::slowestReader() const
{
    LiveSession *slowest = nullptr;
    for (const auto &connection : m_registry.all()) {
        LiveSession *session = connection ? connection->session : nullptr;
        if (session && session->waitingOutput() > (slowest ? slowest->waitingOutput() : 0))
            slowest = session;
    }
    return slowest;
}

} // namespace Quern::dispatch
