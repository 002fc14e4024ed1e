#pragma once

#include "application_p.h"
#include "server_p.h"
#include "testprocesses_p.h"
#include "testrole_p.h"
#include "testsocket_p.h"
#include "testtasks_p.h"

#include <QObject>
#include <QSet>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace Quern {

/// The server of a TestHarness: connections without sockets. What is sent arrives at once; handlers are called in the
/// main thread, one after the other, when none is on the stack. Any thread, but for what clients do.
class TestServer final : public ServerBackend, public std::enable_shared_from_this<TestServer>
{
public:
    // The defaults of the server's settings, in bytes: package_max_length, socket_buffer_size and
    // buffer_high_watermark.
    static constexpr qsizetype MaxMessage = 2 << 20;
    static constexpr quint64 MaxWaiting = 8 << 20;
    static constexpr quint64 HighWatermark = 1 << 20;

    /// server() returns it from now on. \a application outlives it and stays as it is.
    TestServer(const ApplicationPrivate &application, std::chrono::milliseconds deadline);
    ~TestServer() override;
    Q_DISABLE_COPY_MOVE(TestServer)

    /// For Request::port() and the routes of ports.
    std::vector<PortEntry> entries() const;
    /// Number of the HTTP port with that handler; nullopt if there is none.
    std::optional<quint8> httpPort(const QByteArray &handler) const;
    void setDeadline(std::chrono::milliseconds deadline) { m_deadline = deadline; }
    TestTasks &tasks() { return m_tasks; }
    TestProcess startProcess(const QByteArray &handler, const QVariantMap &parameters, int number);
    /// Before it goes away itself: what they ask for is still there, and the event loop goes round meanwhile.
    void endProcesses();
    QList<TestProcessMessage> sentMessages() const;

    // What clients do, in the main thread. Each returns when the handlers have.
    std::shared_ptr<TestSocketPrivate> openWebSocket(const TestResponse &response,
                                                     const QExplicitlySharedDataPointer<RequestPrivate> &request);
    std::shared_ptr<TestSocketPrivate> connectStream(const QByteArray &handler, const QByteArray &remoteAddress);
    Result<void> sendFrom(const std::shared_ptr<TestSocketPrivate> &client, const QByteArray &message,
                          MessageType type);
    void setReading(const std::shared_ptr<TestSocketPrivate> &client, bool isReading);
    void closeFrom(const std::shared_ptr<TestSocketPrivate> &client, int code, const QString &reason);
    Result<QList<QByteArray>> packet(const QByteArray &handler, const QByteArray &payload,
                                     const QByteArray &remoteAddress, quint16 remotePort);
    QList<TestPacket> sentPackets() const;
    /// Spins the event loop until \a condition() or the deadline. Returns condition().
    bool waitUntil(const std::function<bool()> &condition) const;

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
    Delivery deliver(QByteArrayView task, const Payload &payload, const TaskOptions &options) override
    {
        return m_tasks.deliver(task, payload, options);
    }
    Result<TaskId> deliverAndWait(QByteArrayView task, const Payload &payload, const TaskOptions &options,
                                  std::chrono::milliseconds) override
    {
        return m_tasks.deliverAndWait(task, payload, options);
    }
    Delivery fire(QByteArrayView name, const Payload &payload, const TaskOptions &options) override
    {
        return m_tasks.fire(name, payload, options);
    }
    Posted<void> sendMessage(const ProcessAddress &to, const Payload &payload) override;
    ProcessAddress self() const override { return TestRole::current(); }
    Outcome callProcess(const ProcessCall &call, const ProcessAnswer &answered) override
    {
        return m_processes->call(call, answered);
    }
    Result<Payload> callProcessAndWait(const ProcessCall &call) override { return m_processes->callAndWait(call); }
    bool isEstablished(ConnectionId id) const override;
    Result<ConnectionInfo> info(ConnectionId id) const override;
    ConnectionPage connections(ConnectionId after, int limit) const override;
    QList<PortInfo> ports() const override;
    ServerStats stats() const override;

private:
    struct Connected
    {
        std::shared_ptr<TestSocketPrivate> client;
        const RouteSpec *route = nullptr;
        int port = 0;
        ConnectionInfo info;
        QSet<QByteArray> rooms;
        bool isReading = true;
        QList<TestMessage> waiting = {}; ///< until it reads; info counts their bytes
        bool isFull = false;             ///< as onBufferFull() has told
    };
    using Handler = std::function<void(const LiveHandlers &handlers, const Connection &connection)>;

    /// Error::NotFound if nobody is there.
    Result<QList<ProcessAddress>> receiversOf(const ProcessAddress &to) const;
    void addPort(const QByteArray &handler, PortInfo::Kind kind);
    const RouteSpec *socketHandler(const QByteArray &name) const;
    int portOf(const QByteArray &handler, PortInfo::Kind kind) const;
    std::shared_ptr<TestSocketPrivate> connect(const RouteSpec &route, int port, const QByteArray &remoteAddress,
                                               quint16 remotePort);
    /// Has \a handler called for \a connected, as it is then. The first one that throws closes the connection.
    void happen(const Connected &connected, Handler handler, bool isFirst = false);
    /// Calls what has happened, unless a handler is on the stack, which it will then follow.
    void callHandlers();
    /// Error::NotFound if the connection is not there.
    Result<void> change(ConnectionId id, const std::function<void(Connected &)> &change);
    // With m_mutex locked:
    Result<Connected *> find(ConnectionId id);
    /// Error::TooLarge or Error::Busy unless it can be sent \a size bytes.
    static Result<void> checkOutput(const Connected &connected, qsizetype size);
    void deliver(Connected &connected, QByteArrayView message, MessageType type);
    /// To those for whom \a isMeant. Who has too much waiting by then is closed.
    void deliverTo(const std::function<bool(const Connected &)> &isMeant, QByteArrayView message, MessageType type,
                   ConnectionId except);
    void end(quint64 id, const CloseReason &reason);

    const ApplicationPrivate &m_application;
    ServerBackend *m_before; ///< what server() returned before
    std::chrono::milliseconds m_deadline;
    TestTasks m_tasks;
    const std::shared_ptr<TestProcesses> m_processes;
    QObject m_home;             ///< in the main thread
    mutable std::mutex m_mutex; ///< guards what follows, but for the last
    std::vector<PortInfo> m_ports;
    std::map<quint64, Connected> m_connections;
    std::deque<std::function<void()>> m_events;
    QList<TestPacket> m_packets;
    QList<TestProcessMessage> m_messages;
    quint64 m_serial = 0;
    quint64 m_handled = 0;
    std::vector<std::shared_ptr<TestProcessPrivate>> m_running; ///< written in the main thread alone
    bool m_isCalling = false;                                   ///< main thread
};

} // namespace Quern
