#include "dispatch/reactor.h"

#include "dispatch/log.h"
#include "dispatch/workerchannel.h"

#include <QAbstractEventDispatcher>
#include <QThread>
#include <QTimerEvent>

namespace Quern::dispatch {

namespace {

/// How exact the waits of connections are.
constexpr int waitCheckMilliseconds = 500;
constexpr std::chrono::milliseconds lingerTime = std::chrono::seconds(2);
/// A flood of connections is to make a few lines in the log, not a flood of them.
constexpr std::chrono::milliseconds refusalReportInterval = std::chrono::seconds(10);

} // namespace

Reactor::Reactor(const ReactorSettings &settings)
    : m_settings(settings)
    , m_dispatcher(settings.dispatch, settings.id, this)
    , m_accessLog(settings.accessLog.isWanted() ? std::make_unique<AccessLog>(settings.accessLog) : nullptr)
{
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

void Reactor::listen(std::vector<base::FileDescriptor> sockets)
{
    connect(QAbstractEventDispatcher::instance(thread()), &QAbstractEventDispatcher::aboutToBlock, this,
            &Reactor::buryEnded);
    for (base::FileDescriptor &socket : sockets) {
        m_listeners.push_back(
            std::make_unique<net::Listener>(std::move(socket), [this](base::FileDescriptor fd, const net::Peer &peer) {
                accept(std::move(fd), peer);
            }));
    }
    m_waitTimer.start(waitCheckMilliseconds, this);
}

void Reactor::reconfigure(HttpSettings http, DispatchSettings dispatch)
{
    // Which connections count towards max_conn_per_ip hangs on the proxies.
    http.proxies = m_settings.http.proxies;
    m_settings.http = std::move(http);
    m_dispatcher.reconfigure(std::move(dispatch));
}

void Reactor::addWorker(int fd, std::shared_ptr<ipc::ChildPage> page, const WorkerInfo &info)
{
    m_dispatcher.addWorker(std::make_unique<WorkerChannel>(fd, std::move(page), m_settings.id, info, &m_dispatcher));
}

void Reactor::accept(base::FileDescriptor fd, const net::Peer &peer)
{
    const bool refused = !admit(peer);
    if (refused) {
        m_refusedTotal.fetch_add(1, std::memory_order_relaxed);
        if (m_refusedCount >= MaxRefused)
            return;
    }
    const quint64 serial = m_acceptedCount.fetch_add(1, std::memory_order_relaxed) + 1;
    const quint64 connectionId = quint64(m_settings.id) << 48 | serial;
    auto *session = new Session(std::move(fd), peer, connectionId, this);
    m_sessions.append(session);
    if (refused) {
        ++m_refusedCount;
        session->startRefused();
    } else {
        m_connectionCount.fetch_add(1, std::memory_order_relaxed);
        session->start();
    }
}

bool Reactor::admit(const net::Peer &peer)
{
    if (!m_settings.connectionLimit->take()) {
        tellOfRefusals(QStringLiteral("max_conn is reached, %1 connections").arg(m_settings.connectionLimit->limit()));
        return false;
    }
    if (!countsByAddress(peer) || m_settings.addressLimit->take(QByteArrayView(peer.address)))
        return true;
    m_settings.connectionLimit->give();
    tellOfRefusals(QStringLiteral("max_conn_per_ip is reached, %1 connections from %2")
                       .arg(m_settings.addressLimit->limit())
                       .arg(QLatin1StringView(peer.address)));
    return false;
}

bool Reactor::countsByAddress(const net::Peer &peer) const
{
    // All clients of a Unix socket, or behind a proxy, look like one.
    const QByteArrayView address(peer.address);
    return m_settings.addressLimit->limit() > 0 && !address.isEmpty() && !m_settings.http.proxies.trusts(address);
}

void Reactor::sessionEnded(Session *session)
{
    static_cast<base::ListNode<SessionTag> *>(session)->unlink();
    static_cast<base::ListNode<WaitTag> *>(session)->unlink();
    m_ended.emplace_back(session);
    if (session->isRefused()) {
        --m_refusedCount;
    } else {
        m_connectionCount.fetch_sub(1, std::memory_order_relaxed);
        m_settings.connectionLimit->give();
        if (countsByAddress(session->peer()))
            m_settings.addressLimit->give(QByteArrayView(session->peer().address));
    }
    checkDrained();
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
    if (m_draining && m_sessions.isEmpty() && !std::exchange(m_drainedTold, true))
        Q_EMIT drained();
}

void Reactor::buryEnded()
{
    m_ended.clear();
}

void Reactor::drain()
{
    m_listeners.clear();
    m_draining = true;
    m_dispatcher.endEventStreams();
    Session *session = m_sessions.first();
    while (session) {
        Session *const next = m_sessions.next(session);
        session->drain();
        session = next;
    }
    checkDrained();
}

void Reactor::abortConnections()
{
    while (Session *session = m_sessions.first())
        session->abort();
}

void Reactor::armWait(Session *session, Wait wait)
{
    session->setCurrentWait(wait, base::coarseNow());
    m_waits[std::size_t(wait)].append(session);
}

std::chrono::milliseconds Reactor::lengthOf(Wait wait) const
{
    switch (wait) {
    case Wait::Head:
        return m_settings.http.headTimeout;
    case Wait::Body:
        return m_settings.http.bodyTimeout;
    case Wait::KeepAlive:
        return m_settings.http.keepAliveTimeout;
    case Wait::Send:
        return m_settings.http.sendTimeout;
    case Wait::Linger:
        return lingerTime;
    case Wait::None:
        break;
    }
    return std::chrono::milliseconds::max();
}

void Reactor::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_waitTimer.timerId())
        return;
    if (m_accessLog)
        m_accessLog->flush();
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    for (const Wait wait : {Wait::Head, Wait::Body, Wait::KeepAlive, Wait::Send, Wait::Linger}) {
        WaitQueue &queue = m_waits[std::size_t(wait)];
        while (Session *session = queue.first()) {
            if (now - session->waitSince() < lengthOf(wait))
                break;
            static_cast<base::ListNode<WaitTag> *>(session)->unlink();
            session->waitExpired();
        }
    }
}

} // namespace Quern::dispatch
