#include "dispatch/streamingroutes.h"

#include "dispatch/log.h"

#include <algorithm>
#include <stdexcept>

namespace Quern::dispatch {

std::unique_ptr<StreamingRoutes> StreamingRoutes::of(const QList<ipc::RouteEntry> &routes)
{
    const auto streams = [](const ipc::RouteEntry &route) { return route.streamBody; };
    if (std::none_of(routes.begin(), routes.end(), streams))
        return nullptr;
    auto known = std::make_unique<StreamingRoutes>();
    try {
        for (const ipc::RouteEntry &route : routes) {
            known->m_router.add(route.method, route.pattern);
            known->m_streams.push_back(route.streamBody);
        }
    } catch (const std::invalid_argument &problem) {
        // The worker has checked it: it is of another version.
        qCWarning(logDispatch) << "a worker has a route that is not understood:" << problem.what();
        return nullptr;
    }
    return known;
}

bool StreamingRoutes::includes(QByteArrayView method, QByteArrayView path) const
{
    const Router::Match match = m_router.match(method, path);
    return match.outcome == Router::Outcome::Found && m_streams[std::size_t(match.route)];
}

} // namespace Quern::dispatch
