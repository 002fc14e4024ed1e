#include "app/server/reactorpool.h"

#include "app/server/addresscheck.h"
#include "app/server/log.h"
#include "dispatch/workerlink.h"
#include "loop/epolleventdispatcher.h"

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

dispatch::WorkerInfo workerInfo(const process::WorkerHandoff &handoff)
{
    dispatch::WorkerInfo info;
    info.childId = handoff.childId;
    info.workerId = handoff.workerId;
    info.generation = handoff.generation;
    info.pid = handoff.pid;
    info.routes = handoff.routes;
    return info;
}

} // namespace

ReactorPool::ReactorPool(const config::ServerSettings &server, const dispatch::ReactorSettings &settings,
                         QObject *parent)
    : QObject(parent)
    , m_connectionLimit(settings.connectionLimit)
    , m_backlog(server.backlog)
{
    for (const config::ListenAddress &address : server.listen)
        m_endpoints.push_back(endpointOf(address));
    for (int id = 0; id < server.reactorNum; ++id) {
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

Result<void> ReactorPool::bind()
{
    for (const net::Endpoint &endpoint : m_endpoints) {
        if (const Result<void> free = net::checkFree(endpoint); !free)
            return addressError(endpoint, free.error());
    }
    m_sockets.resize(m_reactors.size());
    net::ListenOptions options;
    options.backlog = m_backlog;
    options.sharedPort = m_reactors.size() > 1;
    for (const net::Endpoint &endpoint : m_endpoints) {
        for (std::size_t i = 0; i < m_sockets.size(); ++i) {
            // A Unix path can be bound once: the reactors share that socket.
            if (endpoint.isUnix() && i > 0) {
                m_sockets[i].emplace_back(::fcntl(m_sockets[0].back().get(), F_DUPFD_CLOEXEC, 0));
                continue;
            }
            Result<base::FileDescriptor> socket = net::listenOn(endpoint, options);
            if (!socket)
                return addressError(endpoint, socket.error());
            m_sockets[i].push_back(std::move(*socket));
            m_bound = true;
        }
    }
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
    connect(supervisor, &Supervisor::workerReady, this,
            [reactor](const std::shared_ptr<process::WorkerHandoff> &handoff) {
                callIn(reactor, [reactor, handoff] {
                    const int fd = handoff->channels[std::size_t(reactor->id())].release();
                    reactor->addWorker(fd, handoff->page, workerInfo(*handoff));
                });
            });
    connect(supervisor, &Supervisor::generationActivated, this, [reactor](int generation) {
        callIn(reactor, [reactor, generation] { reactor->dispatcher().activate(generation); });
    });
    connect(supervisor, &Supervisor::drainRequested, this, [reactor](quint64 childId) {
        callIn(reactor, [reactor, childId] { reactor->dispatcher().drain(childId); });
    });
    connect(supervisor, &Supervisor::workerExited, this, [reactor](quint64 childId, const process::ChildExit &exit) {
        callIn(reactor,
               [reactor, childId, blamed = exit.blamedRoutes] { reactor->dispatcher().workerDied(childId, {blamed}); });
    });
    connect(supervisor, &Supervisor::availabilityChanged, this, [reactor](bool available) {
        callIn(reactor, [reactor, available] { reactor->dispatcher().setAvailable(available); });
    });
    dispatch::Dispatcher *dispatcher = &reactor->dispatcher();
    connect(dispatcher, &dispatch::Dispatcher::workerDrained, supervisor, &Supervisor::reactorDrained);
    connect(dispatcher, &dispatch::Dispatcher::workerStuck, supervisor, &Supervisor::killStuck);
    connect(dispatcher, &dispatch::Dispatcher::workerUnreachable, supervisor, &Supervisor::workerUnreachable);
}

void ReactorPool::listen()
{
    for (std::size_t i = 0; i < m_reactors.size(); ++i) {
        dispatch::Reactor *reactor = m_reactors[i].get();
        const auto sockets = std::make_shared<std::vector<base::FileDescriptor>>(std::move(m_sockets[i]));
        callIn(reactor, [reactor, sockets] { reactor->listen(std::move(*sockets)); });
    }
}

void ReactorPool::reconfigure(const dispatch::HttpSettings &http, const dispatch::DispatchSettings &dispatch,
                              int connectionLimit)
{
    m_connectionLimit->setLimit(connectionLimit);
    for (const auto &reactor : m_reactors)
        callIn(reactor.get(), [target = reactor.get(), http, dispatch] { target->reconfigure(http, dispatch); });
}

void ReactorPool::drain()
{
    removeSocketFiles();
    m_bound = false;
    m_drainsLeft = size();
    for (const auto &reactor : m_reactors)
        callIn(reactor.get(), [target = reactor.get()] { target->drain(); });
}

void ReactorPool::abortConnections()
{
    for (const auto &reactor : m_reactors)
        callIn(reactor.get(), [target = reactor.get()] { target->abortConnections(); });
}

QStringList ReactorPool::listeners() const
{
    QStringList texts;
    for (const net::Endpoint &endpoint : m_endpoints)
        texts.append(endpoint.text());
    return texts;
}

void ReactorPool::removeSocketFiles() const
{
    if (!m_bound)
        return;
    for (const net::Endpoint &endpoint : m_endpoints) {
        if (endpoint.isUnix())
            QFile::remove(endpoint.unixPath);
    }
}

} // namespace Quern::app
