#pragma once

#include <Quern/application.h>

#include <QByteArray>
#include <QString>

#include <deque>

namespace Quern {

/// One registered route. Lives as long as its worker, since requests point into its pattern.
struct RouteSpec
{
    QByteArray method;
    QByteArray pattern;
    QByteArray shape; ///< the same for patterns that match the same paths
    QString plugin;   ///< name of the plugin that registered it
    Handler handler;
    bool retry = true;
    bool streamBody = false;
    QByteArray name = {}; ///< of Route::name(); empty if it has none
};

/// What the plugins of one worker have registered, and what the worker tells them.
class QUERN_EXPORT ApplicationPrivate
{
public:
    /// The route with that name; null if there is none.
    const RouteSpec *routeNamed(QByteArrayView name) const;

    QString plugin;       ///< name of the plugin that is being installed
    QVariantMap settings; ///< of that plugin
    int workerId = 0;
    std::deque<RouteSpec> routes; ///< a deque, so that Route handles and requests keep valid pointers
};

} // namespace Quern
