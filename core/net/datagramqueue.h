#pragma once

#include "base/clock.h"
#include "net/socketaddress.h"

#include <QByteArray>
#include <QHash>

#include <functional>
#include <list>

namespace Quern::net {

/// Packets that the kernel did not take at once. A Unix peer that does not read blocks the packets to itself and no
/// others: so each has a lane, and the lanes take turns. Lives in the thread of its socket.
class DatagramQueue
{
public:
    enum class Outcome : quint8 {
        Sent,
        Lost,    ///< will never be taken
        Blocked, ///< may be taken later, as all that waits behind it in its lane
    };
    using Send = std::function<Outcome(const SocketAddress &peer, QByteArrayView bytes)>;
    struct Flushed
    {
        quint64 sent = 0;
        quint64 lost = 0; ///< those whose time was over included
    };

    /// What a waiting packet costs beside its bytes, about.
    static constexpr qint64 Overhead = 512;

    bool isEmpty() const { return m_lanes.empty(); }
    /// Bytes in memory, the overhead of each packet included.
    qint64 cost() const { return m_cost; }
    bool hasLane(const QByteArray &lane) const { return m_places.contains(lane); }

    /// Behind all that waits in \a lane, whose name is copied. Packets of one lane come with deadlines that never fall.
    void append(const QByteArray &lane, const SocketAddress &peer, QByteArrayView bytes, base::MonotonicTime deadline);
    /// Gives \a send up to \a most packets, those of one lane in order, until all lanes are blocked.
    Flushed flush(base::MonotonicTime now, int most, const Send &send);
    void clear();

private:
    struct Packet
    {
        SocketAddress peer;
        QByteArray bytes;
        base::MonotonicTime deadline;
    };
    struct Lane
    {
        QByteArray name;
        std::list<Packet> packets;
    };

    void removeFirst(Lane &lane);

    std::list<Lane> m_lanes; ///< none is empty; the first is next
    QHash<QByteArray, std::list<Lane>::iterator> m_places;
    qint64 m_cost = 0;
};

} // namespace Quern::net
