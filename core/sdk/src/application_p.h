#pragma once

#include <Quern/application.h>

#include <deque>

namespace Quern {

/// One registered route. Lives as long as its worker, since requests point into its pattern.
struct RouteSpec
{
    QByteArray method;
    QByteArray pattern;
    Handler handler;
    bool retry = true;
};

/// What the plugins of one worker have registered, and what the worker tells them.
class ApplicationPrivate
{
public:
    QVariantMap settings; ///< of the plugin that is being installed
    int workerId = 0;
    std::deque<RouteSpec> routes; ///< a deque, so that Route handles and requests keep valid pointers
};

} // namespace Quern
