#pragma once

#include "base/filedescriptor.h"
#include "dispatch/connectionregistry.h"
#include "dispatch/dispatcher.h"
#include "dispatch/eventlanes.h"
#include "dispatch/gatherings.h"
#include "dispatch/outgoing.h"
#include "dispatch/websocketsession.h"
#include "net/datagramsocket.h"

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

namespace Quern::dispatch {

struct ReactorSettings;
struct ListeningSocket;

/// All that one reactor knows of WebSockets, streams and datagrams, and what it does with them when a worker says so.
/// Lives in its reactor thread.
class LiveHub final : private EventOwner, private CommandSink
{
public:
    /// A longer message is not held, in bytes: a write of its own costs little beside it.
    static constexpr qsizetype MaxHeldMessage = 1024;
    /// So much output is held at most, in bytes.
    static constexpr qsizetype MaxHeldBytes = 4 * 1024 * 1024;

    LiveHub(const ReactorSettings &settings, SessionHost *host);
    ~LiveHub() override;

    EventLanes &lanes() { return m_lanes; }
    ConnectionRegistry &registry() { return m_registry; }
    OutputBudget &budget() { return *m_budget; }
    protocol::websocket::SharedDeflate &deflate() { return m_deflate; }
    /// Milliseconds since 1970, late by a tick of the kernel.
    static quint64 wallClock();

    void portOpened(const ReactorPort &port) { addTo(m_registry.counters(port.number).opened, 1); }
    void portClosed(const ReactorPort &port) { addTo(m_registry.counters(port.number).closed, 1); }
    /// Begins to take the packets of a datagram port.
    void receive(base::FileDescriptor socket, const ReactorPort *port);
    /// Takes no more of them; answers may still leave.
    void stopReceiving();

    /// For LiveSession: the last event of a connection.
    void sessionClosed(LiveConnection *connection, const Port &port, int code, const QString &reason,
                       ipc::Closer closer);
    void tellOfSlowClient(const net::Peer &peer, const Port &port, const QString &reason);
    /// \a ports have other settings now.
    void reconfigure(const std::vector<Port> &ports);
    /// Takes the packets into account that have not reached a handler, or the kernel.
    void countLostPackets();
    /// The one that has most output waiting; null if there is none.
    LiveSession *slowestReader() const;

    /// What the operator of the server wants done to one connection; as a worker's command. Error::NotFound if it is
    /// not there any more, Error::Invalid if a WebSocket cannot be closed with \a code.
    Result<void> closeConnection(quint64 id, int code, const QString &reason);
    /// A text message for a WebSocket, its bytes for a stream. Error::TooLarge if it is longer than the port takes,
    /// Error::Busy if the client has not taken what was sent before.
    Result<void> push(quint64 id, const QString &text);

    /// Whether no event is under way.
    bool isIdle() const { return !m_lanes.isBusy(); }

private:
    struct DatagramPort
    {
        const ReactorPort *port;
        std::unique_ptr<net::DatagramSocket> socket;
        net::DatagramCounts counted = {}; ///< what has been told
    };
    /// A command whose body is arriving.
    struct Assembly
    {
        quint64 id = 0;
        ipc::CommandMessage message;
        QByteArray name;
        QByteArray body;
    };

    void eventsProgressed(LiveConnection *connection) override;
    void connectionSettled(LiveConnection *connection) override;
    void handlerMissing(LiveConnection *connection) override;
    void openingLost(LiveConnection *connection) override;
    void handlersChanged() override;
    void lanesEmptied() override { m_host->liveSettled(); }

    void commandReceived(quint64 childId, quint64 id, const ipc::CommandMessage &message, bool moreFollow) override;
    void commandBodyReceived(quint64 childId, QByteArrayView part) override;
    void commandsEnded(quint64 childId) override;
    void commandBatchEnded() override { flushHeld(); }
    /// What goes to many connections in several commands of one batch leaves at its end, for each of them in one write.
    void flushHeld();
    void execute(quint64 id, const ipc::CommandMessage &message, QByteArrayView body);
    void executeFor(LiveConnection *connection, const ipc::CommandMessage &message, QByteArrayView body);
    /// Has the memory brought near that delivering to the next of \a ids will touch.
    void prefetch(const std::vector<quint64> &ids, std::size_t place) const;
    void deliverToAll(const std::vector<quint64> &ids, const ipc::CommandMessage &message, QByteArrayView body);
    void broadcast(const ipc::CommandMessage &message, QByteArrayView body);
    void sendPacket(const ipc::CommandMessage &message, QByteArrayView body);
    void packetReceived(const ReactorPort *port, QByteArrayView bytes, const net::SocketAddress &peer);

    SessionHost *m_host;
    ConnectionRegistry m_registry;
    Gatherings m_gatherings;
    EventLanes m_lanes;
    std::shared_ptr<OutputBudget> m_budget;
    protocol::websocket::SharedDeflate m_deflate;
    std::unordered_map<quint64, Assembly> m_assemblies; ///< by child
    std::map<int, DatagramPort> m_datagrams;            ///< by port number
    base::MonotonicTime m_slowClientTold = base::MonotonicTime::min();
    int m_untoldSlowClients = 0;
    std::vector<quint64> m_holding; ///< connections with output that waits for flushHeld()
    qsizetype m_heldBytes = 0;
    bool m_moreFollow = false; ///< the command that is executed is not the last of its batch
    quint32 m_longestBody = 0; ///< of a command, in bytes
    base::MonotonicTime m_roomsTold = base::MonotonicTime::min();
    bool m_isReceiving = true;
};

} // namespace Quern::dispatch
