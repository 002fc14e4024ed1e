#include "admin/server/failuredelays.h"

#include <algorithm>

namespace Quern::admin {

namespace {

/// What counts as one client.
QHostAddress networkOf(const QHostAddress &address)
{
    bool isIpv4 = false;
    const quint32 ipv4 = address.toIPv4Address(&isIpv4);
    if (isIpv4)
        return QHostAddress(ipv4);
    Q_IPV6ADDR bytes = address.toIPv6Address();
    std::fill(std::begin(bytes.c) + 8, std::end(bytes.c), quint8(0));
    return QHostAddress(bytes);
}

} // namespace

std::chrono::milliseconds FailureDelays::add(const QHostAddress &address, Time now)
{
    while (!m_records.empty() && now - m_records.front().last >= Memory)
        m_records.pop_front();
    Record record = {networkOf(address), Shortest, now};
    const auto found = std::find_if(m_records.begin(), m_records.end(),
                                    [&record](const Record &each) { return each.address == record.address; });
    if (found != m_records.end()) {
        record.delay = std::min(2 * found->delay, Longest);
        m_records.erase(found);
    } else if (m_records.size() >= MostAddresses) {
        m_records.pop_front();
    }
    m_records.push_back(record);
    return record.delay;
}

} // namespace Quern::admin
