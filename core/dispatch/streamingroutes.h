#pragma once

#include "ipc/messages.h"
#include "sdk/src/router_p.h"

#include <QList>

#include <memory>
#include <vector>

namespace Quern::dispatch {

/// Knows which requests are for handlers that take their body as it arrives. Does not change; any thread.
class StreamingRoutes
{
public:
    /// Null if none of \a routes, a worker's manifest, does: then nothing has to be looked up.
    static std::unique_ptr<StreamingRoutes> of(const QList<ipc::RouteEntry> &routes);

    /// \a path as sent, percent-encoded and without query string.
    bool includes(QByteArrayView method, QByteArrayView path) const;

private:
    Router m_router; ///< of all routes: one that does not stream may come before one that does
    std::vector<bool> m_streams;
};

} // namespace Quern::dispatch
