#include "app/server/reactorpool.h"

#include "app/server/addresscheck.h"
#include "app/server/log.h"
#include "app/server/portplan.h"
#include "app/server/settingscheck.h"
#include "dispatch/livehub.h"
#include "dispatch/workerlink.h"
#include "loop/epolleventdispatcher.h"
#include "metrics/exposition.h"

#include <QFile>

#include <fcntl.h>
#include <unistd.h>

namespace Quern::app {

namespace {

/// Runs \a function in the thread of \a reactor, after what was asked of it before.
template <typename Function>
void callIn(dispatch::Reactor *reactor, Function function)
{
    QMetaObject::invokeMethod(reactor, std::move(function), Qt::QueuedConnection);
}

dispatch::WorkerInfo workerInfo(const process::ChildHandoff &handoff)
{
    dispatch::WorkerInfo info;
    info.childId = handoff.childId;
    info.workerId = handoff.who.number;
    info.serves = handoff.who.role == ipc::ChildRole::Worker;
    info.generation = handoff.generation;
    info.pid = handoff.pid;
    info.routes = handoff.routes;
    return info;
}

} // namespace

ReactorPool::ReactorPool(const config::Settings &all, const dispatch::ReactorSettings &settings, QObject *parent)
    : QObject(parent)
    , m_connections(settings.connections)
    , m_connectionLimit(settings.connectionLimit)
    , m_backlog(all.server.backlog)
{
    for (const PortPlan &plan : portPlans(all)) {
        m_addresses.push_back({plan.endpoint(), plan.socketKind(), plan.shown(), plan.key, plan.own->unixSocketMode});
        m_ports.push_back({plan.socket ? plan.socket->name : QStringLiteral("main"), plan.shown(), plan.kind(),
                           plan.address->tls, plan.socket ? plan.socket->handler : QString()});
    }
    for (int id = 0; id < all.server.reactorNum; ++id) {
        dispatch::ReactorSettings own = settings;
        own.id = id;
        m_reactors.push_back(std::make_unique<dispatch::Reactor>(own));
        m_threads.push_back(std::make_unique<QThread>());
        m_threads.back()->setObjectName(QStringLiteral("reactor %1").arg(id));
        m_threads.back()->setEventDispatcher(new loop::EpollEventDispatcher);
        m_reactors.back()->moveToThread(m_threads.back().get());
    }
}

ReactorPool::~ReactorPool()
{
    for (std::size_t i = 0; i < m_reactors.size(); ++i) {
        if (m_threads[i]->isRunning()) {
            // A reactor dies in its own thread, where its notifiers and timers live.
            m_reactors[i].release()->deleteLater();
            m_threads[i]->quit();
        }
    }
    for (const auto &thread : m_threads)
        thread->wait();
    removeSocketFiles();
}

Result<void> ReactorPool::bind(const config::Settings &all, net::InheritedSockets &inherited)
{
    const auto errorOf = [&all](const Address &address, const Error &error) {
        return errorAtPath(all, address.key, addressError(address.endpoint, error, address.kind));
    };
    std::vector<std::vector<base::FileDescriptor>> given;
    for (Address &address : m_addresses) {
        address.isLent = inherited.isLent(address.endpoint, address.kind);
        given.push_back(inherited.take(address.endpoint, address.kind));
        address.isInherited = !address.isLent && !given.back().empty();
    }
    for (std::size_t port = 0; port < m_addresses.size(); ++port) {
        const Address &address = m_addresses[port];
        if (!given[port].empty())
            continue;
        if (const Result<void> free = net::checkFree(address.endpoint, address.kind); !free)
            return errorOf(address, free.error());
    }
    m_sockets.resize(m_reactors.size());
    for (std::size_t port = 0; port < m_addresses.size(); ++port) {
        const Address &address = m_addresses[port];
        if (!given[port].empty()) {
            distribute(std::move(given[port]), address, int(port));
        } else if (const Result<void> bound = bind(address, int(port)); !bound) {
            return errorOf(address, bound.error());
        }
    }
    return {};
}

void ReactorPool::distribute(std::vector<base::FileDescriptor> given, const Address &address, int port)
{
    const std::size_t count = given.size();
    for (std::size_t i = 0; i < count; ++i) {
        (address.isLent ? m_open.lent : m_open.own).append(given[i].get());
        m_sockets[i % m_sockets.size()].push_back({std::move(given[i]), port});
    }
    // Those that have none share one. Datagrams are read by one of them, so that those of one sender stay in order.
    for (std::size_t i = count; i < m_sockets.size() && address.kind == net::SocketKind::Stream; ++i) {
        const int shared = m_sockets[i % count].back().fd.get();
        m_sockets[i].push_back({base::FileDescriptor(::fcntl(shared, F_DUPFD_CLOEXEC, 0)), port});
    }
    m_bound = true;
}

Result<void> ReactorPool::bind(const Address &address, int port)
{
    const bool isDatagram = address.kind == net::SocketKind::Datagram;
    const bool isShared = m_reactors.size() > 1;
    // A Unix path can be bound once: the reactors share that socket.
    const std::size_t count = address.endpoint.isUnix() ? 1 : m_reactors.size();
    std::vector<base::FileDescriptor> sockets;
    for (std::size_t i = 0; i < count; ++i) {
        Result<base::FileDescriptor> socket =
            isDatagram ? net::bindDatagram(address.endpoint, {.sharedPort = isShared, .unixMode = address.unixMode})
                       : net::listenOn(address.endpoint,
                                       {.backlog = m_backlog, .sharedPort = isShared, .unixMode = address.unixMode});
        if (!socket)
            return socket.error();
        m_bound = true;
        sockets.push_back(std::move(*socket));
    }
    distribute(std::move(sockets), address, port);
    return {};
}

Result<void> ReactorPool::openAccessLogs()
{
    for (const auto &reactor : m_reactors) {
        if (const Result<void> opened = reactor->openAccessLog(); !opened)
            return opened;
    }
    return {};
}

void ReactorPool::reopenAccessLogs()
{
    for (const auto &reactor : m_reactors) {
        callIn(reactor.get(), [target = reactor.get()] {
            if (const Result<void> opened = target->openAccessLog(); !opened)
                qCWarning(logMaster).noquote() << opened.error().message();
        });
    }
}

void ReactorPool::start(process::Supervisor *supervisor)
{
    for (std::size_t i = 0; i < m_reactors.size(); ++i) {
        follow(supervisor, m_reactors[i].get());
        connect(m_reactors[i].get(), &dispatch::Reactor::drained, this, [this] {
            if (--m_drainsLeft == 0)
                Q_EMIT drained();
        });
        m_threads[i]->start();
    }
}

void ReactorPool::follow(process::Supervisor *supervisor, dispatch::Reactor *reactor)
{
    using process::Supervisor;
    connect(supervisor, &Supervisor::childReady, this,
            [reactor](const std::shared_ptr<process::ChildHandoff> &handoff) {
                callIn(reactor, [reactor, handoff] {
                    const int fd = handoff->channels[std::size_t(reactor->id())].release();
                    reactor->addWorker(fd, handoff->page, workerInfo(*handoff));
                });
            });
    connect(supervisor, &Supervisor::generationActivated, this, [reactor](int generation) {
        callIn(reactor, [reactor, generation] { reactor->dispatcher().activate(generation); });
    });
    connect(supervisor, &Supervisor::generationAdmitted, this, [reactor](int generation) {
        callIn(reactor, [reactor, generation] { reactor->dispatcher().admit(generation); });
    });
    connect(supervisor, &Supervisor::poolsResized, this, [reactor](const ipc::PoolSizes &sizes) {
        callIn(reactor, [reactor, sizes] { reactor->dispatcher().setWorkerNum(sizes.workers); });
    });
    connect(supervisor, &Supervisor::drainRequested, this, [reactor](quint64 childId) {
        callIn(reactor, [reactor, childId] { reactor->dispatcher().drain(childId); });
    });
    connect(supervisor, &Supervisor::childExited, this, [reactor](quint64 childId, const process::ChildExit &exit) {
        callIn(reactor,
               [reactor, childId, blamed = exit.blamedRoutes] { reactor->dispatcher().workerDied(childId, {blamed}); });
    });
    connect(supervisor, &Supervisor::availabilityChanged, this, [reactor](bool available) {
        callIn(reactor, [reactor, available] { reactor->dispatcher().setAvailable(available); });
    });
    dispatch::Dispatcher *dispatcher = &reactor->dispatcher();
    connect(dispatcher, &dispatch::Dispatcher::ownRequested, this,
            [this, id = reactor->id()](quint64 request) { Q_EMIT metricsRequested(id, request); });
    connect(dispatcher, &dispatch::Dispatcher::workerDrained, supervisor, &Supervisor::drained);
    connect(dispatcher, &dispatch::Dispatcher::workerStuck, supervisor, &Supervisor::killStuck);
    connect(dispatcher, &dispatch::Dispatcher::workerUnreachable, supervisor, &Supervisor::childUnreachable);
}

void ReactorPool::applyToInherited()
{
    for (const std::vector<dispatch::ListeningSocket> &sockets : m_sockets) {
        for (const dispatch::ListeningSocket &socket : sockets) {
            const Address &address = m_addresses[std::size_t(socket.port)];
            if (!address.isInherited)
                continue;
            const Result<void> applied = net::applyOptions(socket.fd.get(), address.endpoint, address.kind,
                                                           {.backlog = m_backlog, .unixMode = address.unixMode});
            if (!applied)
                qCWarning(logMaster).noquote() << applied.error().message();
        }
    }
}

void ReactorPool::listen()
{
    applyToInherited();
    for (std::size_t i = 0; i < m_reactors.size(); ++i) {
        dispatch::Reactor *reactor = m_reactors[i].get();
        const auto sockets = std::make_shared<std::vector<dispatch::ListeningSocket>>(std::move(m_sockets[i]));
        callIn(reactor, [reactor, sockets] { reactor->listen(std::move(*sockets)); });
    }
}

void ReactorPool::reconfigure(const std::vector<dispatch::Port> &ports, const dispatch::DispatchSettings &dispatch,
                              int connectionLimit)
{
    m_connectionLimit->setLimit(connectionLimit);
    for (const auto &reactor : m_reactors)
        callIn(reactor.get(), [target = reactor.get(), ports, dispatch] { target->reconfigure(ports, dispatch); });
}

void ReactorPool::answerMetrics(int reactor, quint64 request, const QByteArray &text)
{
    dispatch::Reactor *target = m_reactors[std::size_t(reactor)].get();
    callIn(target, [target, request, text] { target->dispatcher().answerOwn(request, metrics::expositionType, text); });
}

template <typename Request>
void ReactorPool::askHub(quint64 id, Request request, Answer answer)
{
    const int place = ipc::ConnectionKey::of(id).reactor;
    // Of a reactor that is not there, the first one says that it has no such connection.
    dispatch::Reactor *reactor = m_reactors[std::size_t(place < size() ? place : 0)].get();
    callIn(reactor, [this, reactor, request = std::move(request), answer = std::move(answer)] {
        // This outlives the threads of its reactors.
        QMetaObject::invokeMethod(
            this, [answer, outcome = request(reactor->live())] { answer(outcome); }, Qt::QueuedConnection);
    });
}

void ReactorPool::closeConnection(quint64 id, int code, const QString &reason, Answer answer)
{
    askHub(
        id, [id, code, reason](dispatch::LiveHub &hub) { return hub.closeConnection(id, code, reason); },
        std::move(answer));
}

void ReactorPool::push(quint64 id, const QString &text, Answer answer)
{
    askHub(
        id, [id, text](dispatch::LiveHub &hub) { return hub.push(id, text); }, std::move(answer));
}

void ReactorPool::drain()
{
    removeSocketFiles();
    m_open = {};
    m_drainsLeft = size();
    for (const auto &reactor : m_reactors)
        callIn(reactor.get(), [target = reactor.get()] { target->drain(); });
}

void ReactorPool::handOver()
{
    m_bound = false;
    m_open = {};
    for (const auto &reactor : m_reactors)
        callIn(reactor.get(), [target = reactor.get()] { target->handOver(); });
}

qint64 ReactorPool::openConnections() const
{
    qint64 all = 0;
    for (const auto &reactor : m_reactors)
        all += reactor->connectionCount();
    return all;
}

void ReactorPool::setLeaving(bool on)
{
    for (const auto &reactor : m_reactors)
        callIn(reactor.get(), [target = reactor.get(), on] { target->setLeaving(on); });
}

qint64 ReactorPool::httpConnections() const
{
    // A WebSocket that has just been opened may be in the one number only.
    return qMax<qint64>(0, openConnections() - qint64(m_connections->count()));
}

void ReactorPool::abortConnections()
{
    for (const auto &reactor : m_reactors)
        callIn(reactor.get(), [target = reactor.get()] { target->abortConnections(); });
}

QStringList ReactorPool::listeners() const
{
    QStringList texts;
    for (const Address &address : m_addresses)
        texts.append(address.shown);
    return texts;
}

void ReactorPool::removeSocketFiles()
{
    if (m_leavesFiles || !std::exchange(m_bound, false))
        return;
    for (const Address &address : m_addresses) {
        if (address.endpoint.isUnix() && !address.isLent)
            QFile::remove(address.endpoint.unixPath);
    }
}

} // namespace Quern::app
