#pragma once

#include "dispatch/addresslimit.h"
#include "dispatch/connectionlimit.h"
#include "dispatch/session.h"
#include "ipc/connectiontable.h"
#include "net/listener.h"

#include <QBasicTimer>
#include <QObject>

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

namespace Quern::dispatch {

struct EventCounters;
class LiveHub;

struct ReactorSettings
{
    int id = 0;
    /// Of the whole server: shared by its reactors. Connections beyond it are answered 503 and closed.
    std::shared_ptr<ConnectionLimit> connectionLimit = std::make_shared<ConnectionLimit>(10000);
    /// The same for each client address; trusted proxies do not count.
    std::shared_ptr<AddressLimit> addressLimit = std::make_shared<AddressLimit>(0);
    /// For the rest of long answers, when their worker is to leave: shared by the reactors.
    std::shared_ptr<OutputBudget> handoverBudget = std::make_shared<OutputBudget>(256 * 1024 * 1024);
    AccessLogSettings accessLog;
    std::optional<metrics::RequestMeterSettings> metrics; ///< none: nothing is counted for them
    DispatchSettings dispatch;
    std::vector<Port> ports = {Port()}; ///< each at the place of its number
    /// What all processes know of live connections; null: there is a table for this reactor alone.
    std::shared_ptr<ipc::ConnectionTable> connections;
    /// For output of live connections that waits for their clients: shared by the reactors.
    std::shared_ptr<OutputBudget> liveBudget = std::make_shared<OutputBudget>(256 * 1024 * 1024);
};

/// A socket that listens for the connections of a port.
struct ListeningSocket
{
    base::FileDescriptor fd;
    int port = 0; ///< its number
};

/// One reactor: its listening sockets, its client connections and its dispatcher. Lives in its own thread; others reach
/// it by queued calls. Its counters may be read from any thread.
class Reactor final : public QObject, private SessionHost
{
    Q_OBJECT
public:
    /// Connections beyond the limit that are answered 503 at a time; one more is closed without an answer.
    static constexpr int MaxRefused = 64;

    explicit Reactor(const ReactorSettings &settings);
    ~Reactor() override;

    /// Opens the access log, or opens it again after it has been moved away.
    Result<void> openAccessLog();
    /// Begins to accept on \a sockets.
    void listen(std::vector<ListeningSocket> sockets);
    /// From now on \a ports, the same as before with other settings, and \a dispatch hold, for connections that are
    /// open as well: what a request has begun with may stay as it was until that request ends. The trusted proxies and
    /// the mode of dispatch stay as they are.
    void reconfigure(const std::vector<Port> &ports, DispatchSettings dispatch);
    /// A worker is ready; \a fd is the master's end of its channel to this reactor, which it now owns.
    void addWorker(int fd, std::shared_ptr<ipc::ChildPage> page, const WorkerInfo &info);
    Dispatcher &dispatcher() override { return m_dispatcher; }
    LiveHub &live() override;

    /// Stops accepting, closes idle connections, and lets the others have their present answer; drained() follows.
    void drain();
    /// Another server accepts from now on. Who is connected stays, until drain(), or until an HTTP client has its next
    /// answer, which asks it to go elsewhere.
    void handOver();
    /// Whether HTTP clients are to go elsewhere: their connections close when they are idle, but who comes is served.
    void setLeaving(bool on);
    /// Closes whatever connections are left.
    void abortConnections();

    const DispatchCounters &counters() const { return m_dispatcher.counters(); }
    const EventCounters &eventCounters() const;
    /// Connections that are served; those that are refused do not count.
    int connectionCount() const { return m_connectionCount.load(std::memory_order_relaxed); }
    quint64 acceptedCount() const { return m_acceptedCount.load(std::memory_order_relaxed); }
    /// Connections that were too many, since the start.
    quint64 refusedCount() const { return m_refusedTotal.load(std::memory_order_relaxed); }
    int id() const { return m_settings.id; }
    /// Null if nothing is counted for the metrics.
    const ReactorMeter *readMeter() const { return m_meter.get(); }
    /// Of the connections of one port.
    const net::Traffic &traffic(int port) const { return m_ports[std::size_t(port)]->traffic; }

Q_SIGNALS:
    /// After drain(): the last connection has gone.
    void drained();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    ReactorMeter *meter() override { return m_meter.get(); }
    AccessLog *accessLog() override { return m_accessLog.get(); }
    OutputBudget *handoverBudget() override { return m_settings.handoverBudget.get(); }
    bool isDraining() const override { return m_draining; }
    bool isLeaving() const override { return m_draining || m_leaving; }
    void armWait(ClientSession *session, Wait wait) override;
    void sessionEnded(ClientSession *session) override;
    void liveSettled() override { checkDrained(); }
    void sessionReplaced(ClientSession *session, std::unique_ptr<ClientSession> next) override;

    void accept(base::FileDescriptor fd, ReactorPort *port, const net::Peer &peer);
    void startWaitTimer();
    void measureLag(base::MonotonicTime now);
    /// False if there are too many connections already, altogether or of this client.
    bool admit(const ReactorPort &port, const net::Peer &peer);
    bool countsByAddress(const ReactorPort &port, const net::Peer &peer) const;
    void tellOfRefusals(const QString &limit);
    void buryEnded();
    void checkDrained();
    static std::chrono::milliseconds lengthOf(Wait wait, const ReactorPort &port);
    static void expireWaits(ReactorPort &port, base::MonotonicTime now);

    ReactorSettings m_settings;
    std::vector<std::unique_ptr<ReactorPort>> m_ports; ///< each at the place of its number
    Dispatcher m_dispatcher;
    std::unique_ptr<LiveHub> m_live;
    std::unique_ptr<ReactorMeter> m_meter;  ///< null if nothing is counted
    std::unique_ptr<AccessLog> m_accessLog; ///< null if none is wanted
    std::vector<std::unique_ptr<net::Listener>> m_listeners;
    base::IntrusiveList<ClientSession, SessionTag> m_sessions;
    std::vector<std::unique_ptr<ClientSession>> m_ended; ///< destroyed when no call of theirs is on the stack
    QBasicTimer m_waitTimer;
    base::MonotonicTime m_waitDue; ///< when it fires next
    std::chrono::milliseconds m_waitInterval{0};
    std::atomic<int> m_connectionCount = 0;
    std::atomic<quint64> m_acceptedCount = 0;
    std::atomic<quint64> m_refusedTotal = 0;
    base::MonotonicTime m_refusalsTold = base::MonotonicTime::min();
    int m_refusedCount = 0; ///< sessions beyond the limit that have their 503 and are about to go
    bool m_draining = false;
    bool m_leaving = false;
    bool m_drainedTold = false;
};

} // namespace Quern::dispatch
