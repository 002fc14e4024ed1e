#pragma once

#include "ipc/channel.h"
#include "ipc/childpage.h"
#include "ipc/connectiontable.h"
#include "ipc/livemessages.h"
#include "ipc/messages.h"
#include "sdk/src/server_p.h"
#include "worker/backlog.h"
#include "worker/boundusers.h"
#include "worker/drainrequests.h"
#include "worker/postclient.h"
#include "worker/taskclient.h"

#include <QList>
#include <QThread>

#include <functional>
#include <optional>
#include <shared_mutex>
#include <vector>

namespace Quern::worker {

/// The server as a child sees it: what is to be done becomes commands to the reactors, and what is asked for is read
/// from memory that the master shares. Made before the plugins are loaded, and gone after them; in between it sends
/// while it is attached. Any thread.
class LiveServer final : public ServerBackend
{
public:
    /// Commands are refused while so many bytes wait for a reactor to take them.
    static constexpr qint64 MaxUnsent = 64 * 1024 * 1024;

    /// \a ports are those of the Boot message.
    LiveServer(ipc::ConnectionTable table, const QList<ipc::BootMessage::Port> &ports, int workerId);
    ~LiveServer() override;
    Q_DISABLE_COPY_MOVE(LiveServer)

    /// Sends by \a channels, of the reactors in their order, until detach(). \a outputWaits is called in the thread
    /// that attaches when something was sent there. All outlive that.
    void attach(std::vector<ipc::Channel *> channels, const ipc::ChildCounters &counters,
                std::function<void()> outputWaits);
    /// Nothing can be sent any more.
    void detach();

    /// Tasks and events are delivered by \a tasks; it is taken away by a null before it goes.
    void attachTasks(TaskClient *tasks);
    /// The same of what goes to other processes.
    void attachPost(PostClient *post);
    /// All calls that deliver, send or push are refused with \a reason, an Error::Unavailable: this process has no part
    /// in the server's work. From the beginning.
    void refuseAll(const Error &reason)
    {
        m_refusesAll = true;
        m_notServing = reason;
    }
    /// While hooks run before the master listens to this process: what would wait for its answer in this thread, the
    /// main one, is refused.
    void setUnheard(bool unheard) { m_isUnheard.store(unheard, std::memory_order_relaxed); }
    /// Which process this is, from the beginning.
    void setSelf(const ProcessAddress &self) { m_self = self; }

    /// The user of the connection \a id, of which \a reactor has sent \a event.
    QByteArray userOf(int reactor, quint64 id, const ipc::EventMessage &event);
    /// A handler of the connection hears that its buffer is empty.
    void drained(quint64 id) { m_drainRequests.forget(id); }

    Outcome push(ConnectionId id, QByteArrayView message, MessageType type) override;
    Outcome send(ConnectionId id, QByteArrayView bytes) override;
    Outcome sendTo(const QString &port, const QString &address, quint16 remotePort, QByteArrayView bytes) override;
    Outcome close(ConnectionId id, int code, const QString &reason) override;
    Outcome broadcast(QByteArrayView message, MessageType type, const Audience &audience) override;
    Outcome join(ConnectionId id, QByteArrayView room) override;
    Outcome leave(ConnectionId id, QByteArrayView room) override;
    Outcome pushToRoom(QByteArrayView room, QByteArrayView message, MessageType type, ConnectionId except) override;
    Outcome bind(ConnectionId id, QByteArrayView user) override;
    Outcome pushToUser(QByteArrayView user, QByteArrayView message, MessageType type, ConnectionId except) override;
    Outcome reply(int port, int reactor, const QByteArray &peer, QByteArrayView bytes) override;

    Delivery deliver(QByteArrayView task, const Payload &payload, const TaskOptions &options) override;
    Result<TaskId> deliverAndWait(QByteArrayView task, const Payload &payload, const TaskOptions &options,
                                  std::chrono::milliseconds timeout) override;
    Delivery fire(QByteArrayView name, const Payload &payload, const TaskOptions &options) override;
    Posted<void> sendMessage(const ProcessAddress &to, const Payload &payload) override;
    ProcessAddress self() const override { return m_self; }
    Outcome callProcess(const ProcessCall &call, const ProcessAnswer &answered) override;
    Result<Payload> callProcessAndWait(const ProcessCall &call) override;
    bool isEstablished(ConnectionId id) const override;
    Result<ConnectionInfo> info(ConnectionId id) const override;
    ConnectionPage connections(ConnectionId after, int limit) const override;
    QList<PortInfo> ports() const override;
    ServerStats stats() const override;

private:
    using Port = ipc::BootMessage::Port;
    static constexpr int EveryReactor = -1;

    Result<void> checkWaiting() const;
    ConnectionInfo infoOf(const ipc::ConnectionRecord &record) const;
    PortInfo portInfo(int number) const;
    /// Whether \a size bytes may go out by a connection of that kind.
    Result<void> checkOutput(ConnectionId id, ipc::ConnectionKind kind, qsizetype size);
    /// Sends \a message with \a body to one connection, if that may be. Whoever is told to wait will hear when there is
    /// room.
    Outcome sendToOne(ConnectionId id, ipc::ConnectionKind kind, const ipc::CommandMessage &message,
                      QByteArrayView body);
    /// What this process has sent to it of which the master cannot know yet, in bytes.
    qint64 backlogOf(quint64 id);
    Result<void> checkSize(qsizetype size, const Port &port) const;
    /// For those who are connected to any port.
    Result<void> checkSize(qsizetype size) const;
    /// A command about the connection \a id: Error::NotFound if it is not there.
    Result<void> command(ConnectionId id, const ipc::CommandMessage &message, QByteArrayView body = {});
    Result<void> pushToMany(ipc::CommandKind kind, QByteArrayView name, QByteArrayView message, MessageType type,
                            ConnectionId except);
    /// Sends \a messages with \a body to \a reactor, or to every one; all of them or none.
    Result<void> dispatch(int reactor, quint64 id, const QList<ipc::CommandMessage> &messages, QByteArrayView body);
    static void append(QByteArray &out, quint64 id, ipc::CommandMessage message, QByteArrayView body);

    const ipc::ConnectionTable m_table;
    const QList<Port> m_ports;
    const int m_workerId;
    std::vector<Backlog> m_backlogs; ///< of the reactors
    std::vector<BoundUsers> m_bound; ///< the same
    DrainRequests m_drainRequests;
    mutable std::shared_mutex m_mutex; ///< shared while somebody sends; guards what follows
    std::vector<ipc::Channel *> m_channels;
    const ipc::ChildCounters *m_counters = nullptr;
    std::function<void()> m_outputWaits;
    QThread *m_thread = nullptr;    ///< that of the channels
    std::shared_mutex m_tasksMutex; ///< shared while somebody delivers; guards the two
    TaskClient *m_tasks = nullptr;
    PostClient *m_post = nullptr;
    ProcessAddress m_self;
    Error m_notServing = BrokerPort::notServing();
    bool m_refusesAll = false;
    std::atomic<bool> m_isUnheard = false;
};

} // namespace Quern::worker
