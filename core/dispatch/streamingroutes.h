#pragma once

#include "ipc/messages.h"
#include "sdk/src/router_p.h"

#include <QList>

#include <map>
#include <memory>
#include <vector>

namespace Quern::dispatch {

/// Knows which requests are for handlers that take their body as it arrives. Does not change; any thread.
class StreamingRoutes
{
public:
    /// Null if none of \a routes, a worker's manifest, does: then nothing has to be looked up.
    static std::unique_ptr<StreamingRoutes> of(const QList<ipc::RouteEntry> &routes);

    /// \a service is the handler of the port, \a path as sent, percent-encoded and without query string.
    bool includes(const QByteArray &service, QByteArrayView method, QByteArrayView path) const;

private:
    struct Service
    {
        Router router; ///< of all its routes: one that does not stream may come before one that does
        std::vector<bool> streams;
    };

    std::map<QByteArray, Service> m_services;
};

} // namespace Quern::dispatch
