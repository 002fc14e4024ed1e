#include "admin/server/failuredelays.h"

#include "admin/server/clientaddress.h"

#include <algorithm>

namespace Quern::admin {

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
