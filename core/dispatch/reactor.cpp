#include "dispatch/reactor.h"

#include "dispatch/livehub.h"
#include "dispatch/log.h"
#include "dispatch/streamsession.h"
#include "dispatch/workerchannel.h"

#include <QAbstractEventDispatcher>
#include <QThread>
#include <QTimerEvent>

namespace Quern::dispatch {

namespace {

/// How exact the waits of connections are.
constexpr std::chrono::milliseconds waitCheckInterval = std::chrono::milliseconds(500);
constexpr std::chrono::milliseconds lingerTime = std::chrono::seconds(2);
/// How long the other half of a closing handshake may take.
constexpr std::chrono::milliseconds closingTime = std::chrono::seconds(5);
/// A flood of connections is to make a few lines in the log, not a flood of them.
constexpr std::chrono::milliseconds refusalReportInterval = std::chrono::seconds(10);

} // namespace

Reactor::Reactor(const ReactorSettings &settings)
    : m_settings(settings)
    , m_dispatcher(settings.dispatch, settings.id, this)
    , m_live(new LiveHub(settings, this))
    , m_meter(settings.metrics ? std::make_unique<ReactorMeter>(*settings.metrics) : nullptr)
    , m_accessLog(settings.accessLog.isWanted() ? std::make_unique<AccessLog>(settings.accessLog) : nullptr)
{
    for (const Port &port : settings.ports)
        m_ports.push_back(std::make_unique<ReactorPort>(port));
    m_dispatcher.setMeter(m_meter.get());
}

Reactor::~Reactor()
{
    m_draining = false;
    abortConnections();
    buryEnded();
}

Result<void> Reactor::openAccessLog()
{
    return m_accessLog ? m_accessLog->open() : Result<void>();
}

void Reactor::listen(std::vector<ListeningSocket> sockets)
{
    connect(QAbstractEventDispatcher::instance(thread()), &QAbstractEventDispatcher::aboutToBlock, this,
            &Reactor::buryEnded);
    for (ListeningSocket &socket : sockets) {
        ReactorPort *port = m_ports[std::size_t(socket.port)].get();
        if (port->kind == Port::Kind::Datagram) {
            m_live->receive(std::move(socket.fd), port);
            continue;
        }
        m_listeners.push_back(std::make_unique<net::Listener>(
            std::move(socket.fd),
            [this, port](base::FileDescriptor fd, const net::Peer &peer) { accept(std::move(fd), port, peer); }));
    }
    startWaitTimer();
}

void Reactor::startWaitTimer()
{
    std::chrono::milliseconds interval = waitCheckInterval;
    for (const auto &port : m_ports)
        interval = std::min(interval, port->live.checkInterval);
    m_waitInterval = interval;
    m_waitDue = std::chrono::steady_clock::now() + interval;
    m_waitTimer.start(int(interval.count()), Qt::PreciseTimer, this);
}

void Reactor::measureLag(base::MonotonicTime now)
{
    if (m_meter)
        m_meter->loopLag.record(qMax(now - m_waitDue, base::MonotonicTime::duration::zero()));
    // A turn that was late makes none of those after it late: they stay where they would have been.
    while (m_waitDue <= now)
        m_waitDue += m_waitInterval;
}

void Reactor::reconfigure(const std::vector<Port> &ports, DispatchSettings dispatch)
{
    for (const auto &port : m_ports) {
        // Which connections count towards max_conn_per_ip hangs on the proxies.
        const protocol::http::ProxyTrust proxies = port->http.proxies;
        static_cast<Port &>(*port) = ports[std::size_t(port->number)];
        port->http.proxies = proxies;
    }
    m_live->reconfigure(ports);
    for (ClientSession *session = m_sessions.first(); session; session = m_sessions.next(session))
        session->settingsChanged();
    m_dispatcher.reconfigure(std::move(dispatch));
    startWaitTimer();
}

void Reactor::addWorker(int fd, std::shared_ptr<ipc::ChildPage> page, const WorkerInfo &info)
{
    m_dispatcher.addWorker(std::make_unique<WorkerChannel>(fd, std::move(page), m_settings.id, info, &m_dispatcher));
}

void Reactor::accept(base::FileDescriptor fd, ReactorPort *port, const net::Peer &peer)
{
    const bool refused = !admit(*port, peer);
    if (refused) {
        m_refusedTotal.fetch_add(1, std::memory_order_relaxed);
        if (m_refusedCount >= MaxRefused || port->kind != Port::Kind::Http)
            return;
        ++m_refusedCount;
    } else {
        m_connectionCount.fetch_add(1, std::memory_order_relaxed);
        m_live->portOpened(*port);
    }
    const quint64 serial = m_acceptedCount.fetch_add(1, std::memory_order_relaxed) + 1;
    if (port->kind == Port::Kind::Stream) {
        auto *stream = new StreamSession(std::make_unique<net::Connection>(std::move(fd), nullptr, &port->traffic),
                                         port, peer, this);
        m_sessions.append(stream);
        stream->start();
        return;
    }
    const quint64 connectionId = quint64(m_settings.id) << 48 | serial;
    auto *session = new Session(std::move(fd), port, peer, connectionId, this);
    m_sessions.append(session);
    if (refused)
        session->startRefused();
    else
        session->start();
}

bool Reactor::admit(const ReactorPort &port, const net::Peer &peer)
{
    if (!m_settings.connectionLimit->take()) {
        tellOfRefusals(QStringLiteral("max_conn is reached, %1 connections").arg(m_settings.connectionLimit->limit()));
        return false;
    }
    if (!countsByAddress(port, peer) || m_settings.addressLimit->take(QByteArrayView(peer.address)))
        return true;
    m_settings.connectionLimit->give();
    tellOfRefusals(QStringLiteral("max_conn_per_ip is reached, %1 connections from %2")
                       .arg(m_settings.addressLimit->limit())
                       .arg(QLatin1StringView(peer.address)));
    return false;
}

bool Reactor::countsByAddress(const ReactorPort &port, const net::Peer &peer) const
{
    // All clients of a Unix socket, or behind a proxy, look like one.
    const QByteArrayView address(peer.address);
    return m_settings.addressLimit->limit() > 0 && !address.isEmpty() && !port.http.proxies.trusts(address);
}

void Reactor::sessionEnded(ClientSession *session)
{
    static_cast<base::ListNode<SessionTag> *>(session)->unlink();
    static_cast<base::ListNode<WaitTag> *>(session)->unlink();
    m_ended.emplace_back(session);
    if (session->isRefused()) {
        --m_refusedCount;
    } else {
        m_connectionCount.fetch_sub(1, std::memory_order_relaxed);
        m_settings.connectionLimit->give();
        m_live->portClosed(*session->port());
        if (countsByAddress(*session->port(), session->peer()))
            m_settings.addressLimit->give(QByteArrayView(session->peer().address));
    }
    checkDrained();
}

void Reactor::sessionReplaced(ClientSession *session, std::unique_ptr<ClientSession> next)
{
    static_cast<base::ListNode<SessionTag> *>(session)->unlink();
    static_cast<base::ListNode<WaitTag> *>(session)->unlink();
    m_ended.emplace_back(session);
    m_sessions.append(next.release());
}

const EventCounters &Reactor::eventCounters() const
{
    return m_live->lanes().counters();
}

LiveHub &Reactor::live()
{
    return *m_live;
}

void Reactor::tellOfRefusals(const QString &limit)
{
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    if (now < m_refusalsTold + refusalReportInterval)
        return;
    m_refusalsTold = now;
    qCWarning(logDispatch).noquote() << limit + QStringLiteral(": more are answered 503");
}

void Reactor::checkDrained()
{
    if (m_draining && m_sessions.isEmpty() && m_live->isIdle() && !std::exchange(m_drainedTold, true))
        Q_EMIT drained();
}

void Reactor::buryEnded()
{
    m_ended.clear();
}

void Reactor::handOver()
{
    m_listeners.clear();
    m_live->stopReceiving();
    m_leaving = true;
}

void Reactor::drain()
{
    handOver();
    m_draining = true;
    m_dispatcher.endEventStreams();
    ClientSession *session = m_sessions.first();
    while (session) {
        ClientSession *const next = m_sessions.next(session);
        session->drain();
        session = next;
    }
    checkDrained();
}

void Reactor::setLeaving(bool on)
{
    m_leaving = on;
    ClientSession *session = on ? m_sessions.first() : nullptr;
    while (session) {
        ClientSession *const next = m_sessions.next(session);
        session->leave();
        session = next;
    }
}

void Reactor::abortConnections()
{
    while (ClientSession *session = m_sessions.first())
        session->abort();
}

void Reactor::armWait(ClientSession *session, Wait wait)
{
    session->setCurrentWait(wait, base::coarseNow());
    session->port()->waits[std::size_t(wait)].append(session);
}

std::chrono::milliseconds Reactor::lengthOf(Wait wait, const ReactorPort &port)
{
    switch (wait) {
    case Wait::Head:
        return port.http.headTimeout;
    case Wait::Body:
        return port.http.bodyTimeout;
    case Wait::KeepAlive:
        return port.http.keepAliveTimeout;
    case Wait::Send:
        return port.http.sendTimeout;
    case Wait::Linger:
        return lingerTime;
    case Wait::Idle:
        return port.live.idleTime;
    case Wait::Silence:
        return port.live.pingInterval;
    case Wait::Pong:
        return port.live.pongTimeout;
    case Wait::Closing:
        return closingTime;
    case Wait::None:
        break;
    }
    return std::chrono::milliseconds::max();
}

void Reactor::expireWaits(ReactorPort &port, base::MonotonicTime now)
{
    const bool heartbeat = now - port.heartbeatLooked >= port.live.checkInterval;
    if (heartbeat)
        port.heartbeatLooked = now;
    for (std::size_t kind = std::size_t(Wait::Head); kind < WaitKinds; ++kind) {
        const Wait wait = Wait(kind);
        if (!heartbeat && (wait == Wait::Idle || wait == Wait::Silence || wait == Wait::Pong))
            continue;
        WaitQueue &queue = port.waits[kind];
        while (ClientSession *session = queue.first()) {
            if (now - session->waitSince() < lengthOf(wait, port))
                break;
            static_cast<base::ListNode<WaitTag> *>(session)->unlink();
            session->waitExpired();
        }
    }
}

void Reactor::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_waitTimer.timerId())
        return;
    if (m_accessLog)
        m_accessLog->flush();
    m_live->countLostPackets();
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    measureLag(now);
    for (const auto &port : m_ports)
        expireWaits(*port, now);
}

} // namespace Quern::dispatch
