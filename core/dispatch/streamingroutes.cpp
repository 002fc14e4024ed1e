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
            if (route.method == ipc::RouteEntry::WebSocketMethod || route.method == ipc::RouteEntry::SocketMethod)
                continue;
            Service &service = known->m_services[route.service];
            service.router.add(route.method, route.pattern);
            service.streams.push_back(route.streamBody);
        }
    } catch (const std::invalid_argument &problem) {
        // The worker has checked it: it is of another version.
        qCWarning(logDispatch) << "a worker has a route that is not understood:" << problem.what();
        return nullptr;
    }
    return known;
}

bool StreamingRoutes::includes(const QByteArray &service, QByteArrayView method, QByteArrayView path) const
{
    const auto place = m_services.find(service);
    if (place == m_services.end())
        return false;
    const Router::Match match = place->second.router.match(method, path);
    return match.outcome == Router::Outcome::Found && place->second.streams[std::size_t(match.route)];
}

} // namespace Quern::dispatch
