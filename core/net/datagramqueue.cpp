#include "net/datagramqueue.h"

namespace Quern::net {

void DatagramQueue::append(const QByteArray &lane, const SocketAddress &peer, QByteArrayView bytes,
                           base::MonotonicTime deadline)
{
    auto place = m_places.constFind(lane);
    if (place == m_places.constEnd()) {
        const QByteArray name(lane.constData(), lane.size());
        m_lanes.push_back({name, {}});
        place = m_places.insert(name, std::prev(m_lanes.end()));
    }
    (*place)->packets.push_back({peer, bytes.toByteArray(), deadline});
    m_cost += bytes.size() + Overhead;
}

DatagramQueue::Flushed DatagramQueue::flush(base::MonotonicTime now, int most, const Send &send)
{
    Flushed flushed;
    std::size_t blocked = 0;
    while (most > 0 && blocked < m_lanes.size()) {
        Lane &lane = m_lanes.front();
        while (!lane.packets.empty() && lane.packets.front().deadline <= now) {
            removeFirst(lane);
            ++flushed.lost;
        }
        if (!lane.packets.empty()) {
            --most;
            const Packet &packet = lane.packets.front();
            const Outcome outcome = send(packet.peer, packet.bytes);
            if (outcome == Outcome::Blocked) {
                m_lanes.splice(m_lanes.end(), m_lanes, m_lanes.begin());
                ++blocked;
                continue;
            }
            ++(outcome == Outcome::Sent ? flushed.sent : flushed.lost);
            removeFirst(lane);
        }
        if (lane.packets.empty()) {
            m_places.remove(lane.name);
            m_lanes.pop_front();
        }
    }
    return flushed;
}

void DatagramQueue::removeFirst(Lane &lane)
{
    m_cost -= lane.packets.front().bytes.size() + Overhead;
    lane.packets.pop_front();
}

void DatagramQueue::clear()
{
    m_places.clear();
    m_lanes.clear();
    m_cost = 0;
}

} // namespace Quern::net
