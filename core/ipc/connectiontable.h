#pragma once

#include "base/sharedmemory.h"

#include <Quern/connectionid.h>
#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QList>
#include <QString>

#include <atomic>
#include <functional>
#include <optional>
#include <span>

namespace Quern::ipc {

/// How a ConnectionId is made up: 20 bits boot epoch | 7 bits reactor | 20 bits slot | 16 bits generation, 63 in all.
struct ConnectionKey
{
    static constexpr int EpochBits = 20;

    quint32 epoch = 0; ///< of this server process; never that of one before
    int reactor = 0;
    quint32 slot = 0;       ///< in the reactor's part of the table
    quint32 generation = 0; ///< of the slot, from 1: how often it has been used

    quint64 id() const
    {
        return quint64(epoch) << 43 | quint64(reactor) << 36 | quint64(slot) << 16 | quint64(generation);
    }
    static ConnectionKey of(quint64 id)
    {
        return {quint32(id >> 43) & 0xfffff, int(id >> 36 & 0x7f), quint32(id >> 16) & 0xfffff, quint32(id & 0xffff)};
    }
};

/// What a connection speaks. Part of the shared memory's format.
enum class ConnectionKind : quint8 { WebSocket = 1, Stream = 2 };

/// What the table tells of one connection. A value type.
struct ConnectionRecord
{
    quint64 id = 0;
    quint64 openedMs = 0;       ///< since 1970
    quint64 lastReceivedMs = 0; ///< since 1970
    quint64 bytesReceived = 0;
    quint64 bytesSent = 0;
    quint32 pendingBytes = 0; ///< of output that waits for the client
    quint16 remotePort = 0;
    quint8 port = 0; ///< number of the port it came in by
    ConnectionKind kind = ConnectionKind::WebSocket;
    QByteArray remoteAddress; ///< as text; empty: a Unix socket
    QByteArray user;          ///< that it is bound to; empty: to none
};

/// Some of the connections. A value type.
struct ConnectionPage
{
    QList<ConnectionRecord> records;
    quint64 next = 0; ///< where the next page begins; 0: there is none
};

/// What a sender needs to know of a connection.
struct ConnectionFacts
{
    ConnectionKind kind = ConnectionKind::WebSocket;
    quint8 port = 0;
    quint32 pendingBytes = 0;
};

/// What has happened on one port, as far as one reactor has seen it.
struct PortCounters
{
    std::atomic<quint64> opened; ///< connections, HTTP ones included
    std::atomic<quint64> closed;
    std::atomic<quint64> received; ///< messages, packages and datagrams; HTTP requests do not count
    std::atomic<quint64> sent;
    std::atomic<quint64> bytesReceived; ///< of these
    std::atomic<quint64> bytesSent;
};

/// One connection in shared memory. Its reactor writes; everybody reads. The version is odd while the words change.
struct ConnectionSlot
{
    static constexpr int TextWords = 16; ///< address and user, with their lengths

    std::atomic<quint64> id; ///< 0: nobody
    std::atomic<quint32> version;
    std::atomic<quint32> pendingBytes;
    std::atomic<quint64> openedMs;
    std::atomic<quint64> lastReceivedMs;
    std::atomic<quint64> bytesReceived;
    std::atomic<quint64> bytesSent;
    std::atomic<quint64> facts; ///< remote port | port << 16 | kind << 24 | address length << 32 | user length << 40
    std::atomic<quint64> text[TextWords];
};
static_assert(sizeof(ConnectionSlot) == 184);

/// The WebSocket and stream connections of the whole server, in memory that the master shares with all its children:
/// they look up what they want to know without asking. Any thread may read; the part of a reactor is written in its
/// thread alone. Memory is taken as slots are used.
class ConnectionTable
{
public:
    /// Connections that one reactor can have at a time.
    static constexpr quint32 SlotsPerReactor = 1 << 18;
    static constexpr int MaxPorts = 256;

    static Result<ConnectionTable> create(int reactorCount, quint32 epoch);
    /// In a child: maps the inherited memory.
    static Result<ConnectionTable> adopt(int fd, int reactorCount);

    int descriptor() const { return m_memory.descriptor(); }
    int reactorCount() const { return m_reactorCount; }
    quint32 epoch() const;

    /// Whether the connection is there.
    bool contains(quint64 id) const;
    /// The same with what it is. Cheaper than find().
    std::optional<ConnectionFacts> facts(quint64 id) const;
    std::optional<ConnectionRecord> find(quint64 id) const;
    /// Up to \a limit connections in the order of reactor and slot, behind the connection \a after, which need not be
    /// there any more; 0: from the start.
    QList<ConnectionRecord> list(quint64 after, int limit) const;
    /// The same of those that \a accept returns true for, from the place \a from on, the next of the page before, or 0.
    /// When \a mostSlots have been looked at, the page ends, however many it has. A connection that is there all the
    /// time stands in one page.
    ConnectionPage page(quint64 from, int limit, int mostSlots,
                        const std::function<bool(const ConnectionRecord &record)> &accept) const;
    /// How many there are.
    quint64 count() const;

    /// For the reactor that owns the part: its slots, of which the first usedSlots() have ever been used.
    std::span<ConnectionSlot> reactorSlots(int reactorId) const;
    std::atomic<quint32> &usedSlots(int reactorId) const;
    /// Connections in that part now.
    std::atomic<quint32> &openCount(int reactorId) const;
    PortCounters &portCounters(int reactorId, int port) const;

private:
    ConnectionTable(base::SharedMemory memory, int reactorCount);
    ConnectionSlot *slotOf(quint64 id) const;
    static std::optional<ConnectionRecord> read(const ConnectionSlot &slot);

    base::SharedMemory m_memory;
    int m_reactorCount = 0;
};

/// Writes one slot, in its reactor's thread.
class ConnectionWriter
{
public:
    explicit ConnectionWriter(ConnectionSlot &slot) : m_slot(slot) {}

    /// From now on \a record is what readers find.
    void publish(const ConnectionRecord &record);
    void setUser(QByteArrayView user);
    /// The connection is gone.
    void withdraw();

private:
    void writeText(const ConnectionRecord &record);

    ConnectionSlot &m_slot;
};

} // namespace Quern::ipc
