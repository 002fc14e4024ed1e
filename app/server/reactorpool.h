#pragma once

#include "config/settings.h"
#include "dispatch/reactor.h"
#include "net/endpoint.h"
#include "net/inheritedsockets.h"
#include "process/supervisor.h"

#include <Quern/result.h>

#include <QObject>
#include <QThread>

#include <functional>
#include <memory>
#include <vector>

namespace Quern::app {

/// The reactors and their threads, as one. Passes the supervisor's announcements on to them and their news to the
/// supervisor. Lives in the main thread.
class ReactorPool final : public QObject
{
    Q_OBJECT
public:
    /// \a settings is what the reactors have in common.
    ReactorPool(const config::Settings &all, const dispatch::ReactorSettings &settings, QObject *parent = nullptr);
    /// Ends the threads; whatever connections are left are closed.
    ~ReactorPool() override;

    /// Binds all addresses that are not among \a inherited, and takes those that are. Error::Exists if one is taken;
    /// the message names it, and where the settings say so.
    Result<void> bind(const config::Settings &all, net::InheritedSockets &inherited);
    /// Sockets, until they are closed by drain() or handOver().
    struct Sockets
    {
        QList<int> own;
        QList<int> lent; ///< see net::InheritedSockets::Owner
    };
    const Sockets &sockets() const { return m_open; }
    /// The files of Unix sockets are left when this ends: another server listens there, or is about to.
    void leaveSocketFiles(bool leave) { m_leavesFiles = leave; }
    /// Opens the access log, if one is wanted, before start(). Afterwards it is opened again in the reactors' threads.
    Result<void> openAccessLogs();
    void reopenAccessLogs();
    /// Starts the threads and follows \a supervisor.
    void start(process::Supervisor *supervisor);
    /// From now on these hold; see Reactor::reconfigure(). \a connectionLimit is that of the whole server.
    void reconfigure(const std::vector<dispatch::Port> &ports, const dispatch::DispatchSettings &dispatch,
                     int connectionLimit);
    /// Begins to accept connections.
    void listen();
    /// Stops accepting and closes each connection when it is idle; drained() follows.
    void drain();
    /// Another server accepts from now on; see Reactor::handOver().
    void handOver();
    /// Connections open now, of all kinds.
    qint64 openConnections() const;
    /// See Reactor::setLeaving().
    void setLeaving(bool on);
    /// HTTP connections open now, those that are no WebSockets.
    qint64 httpConnections() const;
    /// Closes whatever connections are left.
    void abortConnections();

    int size() const { return int(m_reactors.size()); }
    const dispatch::Reactor &at(int index) const { return *m_reactors[std::size_t(index)]; }
    /// What lives in the thread of a reactor, to reach that thread by.
    QObject *inThread(int index) const { return m_reactors[std::size_t(index)].get(); }
    /// A socket that is listened on. What belongs to several addresses has one name.
    struct Listener
    {
        QString name;    ///< "main", or of the [[socket]]
        QString address; ///< for people, see PortPlan::shown()
        dispatch::Port::Kind kind = dispatch::Port::Kind::Http;
        bool hasTls = false;
        QString handler; ///< that serves it; empty: the application's own routes
    };
    /// Each at the place of its port's number. Any thread.
    const std::vector<Listener> &ports() const { return m_ports; }
    /// The answer to metricsRequested().
    void answerMetrics(int reactor, quint64 request, const QByteArray &text);
    /// See LiveHub: done in the thread of the reactor that has the connection, after which \a answer is called in the
    /// main thread. Never if the pool has gone meanwhile, or the reactor hangs.
    using Answer = std::function<void(const Result<void> &outcome)>;
    void closeConnection(quint64 id, int code, const QString &reason, Answer answer);
    void push(quint64 id, const QString &text, Answer answer);
    /// What is listened on, for people; see PortPlan::shown().
    QStringList listeners() const;
    /// Of all connections, for workers; see ipc::ConnectionTable.
    const ipc::ConnectionTable &connections() const { return *m_connections; }

Q_SIGNALS:
    /// Somebody wants the metrics at a public port: answerMetrics() is expected.
    void metricsRequested(int reactor, quint64 request);
    void drained();

private:
    void follow(process::Supervisor *supervisor, dispatch::Reactor *reactor);
    void removeSocketFiles();
    /// What the settings say of sockets that are a former server's.
    void applyToInherited();
    /// Calls \a request with the LiveHub of the connection \a id in its thread.
    template <typename Request>
    void askHub(quint64 id, Request request, Answer answer);

    struct Address
    {
        net::Endpoint endpoint;
        net::SocketKind kind = net::SocketKind::Stream;
        QString shown;                   ///< for people, see PortPlan::shown()
        QString key;                     ///< of its origin in the settings
        std::optional<quint16> unixMode; ///< see net::ListenOptions
        bool isLent = false;             ///< see net::InheritedSockets::Owner
        bool isInherited = false;        ///< and not lent
    };

    Result<void> bind(const Address &address, int port);
    /// \a given, at least one, are bound to the address of \a port.
    void distribute(std::vector<base::FileDescriptor> given, const Address &address, int port);

    std::vector<Address> m_addresses; ///< each at the place of its port's number
    std::vector<Listener> m_ports;
    std::shared_ptr<ipc::ConnectionTable> m_connections;
    std::shared_ptr<dispatch::ConnectionLimit> m_connectionLimit;
    std::vector<std::unique_ptr<dispatch::Reactor>> m_reactors;
    std::vector<std::unique_ptr<QThread>> m_threads;
    std::vector<std::vector<dispatch::ListeningSocket>> m_sockets; ///< by reactor, until listen()
    int m_backlog;
    int m_drainsLeft = 0;
    Sockets m_open;
    bool m_bound = false;
    bool m_leavesFiles = false;
};

} // namespace Quern::app
