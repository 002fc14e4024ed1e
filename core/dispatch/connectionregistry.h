#pragma once

#include "dispatch/liveconnection.h"

#include <memory>
#include <vector>

namespace Quern::dispatch {

/// The WebSocket and stream connections of one reactor: gives them their ids, finds them by these without hashing, and
/// keeps their entries in the table that all processes read. Lives in its reactor thread.
class ConnectionRegistry
{
public:
    /// \a table is shared by all reactors.
    ConnectionRegistry(std::shared_ptr<ipc::ConnectionTable> table, int reactorId);
    ~ConnectionRegistry();

    /// Closed connections whose last events have not been handled, beyond which there are no new ones: a handler that
    /// stands still must not let them pile up.
    static constexpr quint32 MaxClosed = 16 * 1024;

    /// A new connection, whose id is filled into \a record, published; nullptr if there are too many.
    LiveConnection *add(LiveSession *session, ipc::ConnectionRecord record);
    /// nullptr if there is none (any more).
    LiveConnection *find(quint64 id) const;
    /// find() follows.
    void prefetch(quint64 id) const;
    /// Nothing can be sent to it any more: readers of the table do not find it. find() does until release().
    void withdraw(LiveConnection *connection);
    /// It is forgotten, and its id never used again.
    void release(LiveConnection *connection);
    void setUser(LiveConnection *connection, const QByteArray &user);

    int reactorCount() const { return m_table->reactorCount(); }
    ipc::PortCounters &counters(int port) const { return m_table->portCounters(m_reactorId, port); }
    /// All of them, closed ones with events under way included. Their places may be null.
    const std::vector<std::unique_ptr<LiveConnection>> &all() const { return m_connections; }

private:
    std::shared_ptr<ipc::ConnectionTable> m_table;
    int m_reactorId;
    std::vector<std::unique_ptr<LiveConnection>> m_connections; ///< by slot
    std::vector<quint16> m_generations;                         ///< by slot: the last one used
    std::vector<quint32> m_free;                                ///< slots
    quint32 m_closed = 0;                                       ///< and not released
    bool m_exhaustionTold = false;
};

} // namespace Quern::dispatch
