#include "app/server/recentstatus.h"

namespace Quern::app {

RecentStatus::RecentStatus(Look look, Clock clock) : m_look(std::move(look)), m_clock(std::move(clock)) {}

const admin::Status &RecentStatus::status()
{
    const base::MonotonicTime now = m_clock();
    if (!m_lookedAt || now - *m_lookedAt > Oldest) {
        m_status = m_look();
        m_json = {};
        m_lookedAt = now;
    }
    return m_status;
}

const QJsonObject &RecentStatus::json()
{
    const admin::Status &present = status();
    if (m_json.isEmpty())
        m_json = present.toJson();
    return m_json;
}

} // namespace Quern::app
