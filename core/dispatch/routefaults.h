#pragma once

#include "base/clock.h"

#include <QByteArray>
#include <QHash>

namespace Quern::dispatch {

/// Remembers which routes have crashed a worker lately: their requests are not run a second time, so that one bad
/// request does not fell worker after worker. Lives in its reactor thread.
class RouteFaults
{
public:
    static constexpr std::chrono::seconds Memory = std::chrono::seconds(60);

    void record(const QByteArray &route, base::MonotonicTime now) { m_lastFault.insert(route, now); }
    bool isRecent(const QByteArray &route, base::MonotonicTime now) const
    {
        const auto fault = m_lastFault.constFind(route);
        return fault != m_lastFault.cend() && now - *fault < Memory;
    }

private:
    QHash<QByteArray, base::MonotonicTime> m_lastFault; ///< by RouteEntry::name(): bounded by the routes there are
};

} // namespace Quern::dispatch
