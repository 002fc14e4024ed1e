#pragma once

#include <Quern/global.h>
#include <Quern/request.h>
#include <Quern/response.h>

#include <QByteArrayView>
#include <QVariantMap>

#include <functional>

namespace Quern {

class ApplicationPrivate;
struct RouteSpec;

/// Answers one request. Called in the worker's main thread. An exception that leaves it is logged and answered 500.
using Handler = std::function<void(const Request &request, Response &response)>;

/// A route that was just registered; its calls chain. Valid only during HandlerPlugin::install().
class QUERN_EXPORT Route
{
public:
    explicit Route(RouteSpec *spec) : m_spec(spec) {}

    /// Whether a GET, HEAD or OPTIONS request of this route may run a second time in another worker after the worker
    /// that ran it died. On by default; switch it off for a handler that must not run twice.
    Route &retry(bool allowed);

private:
    RouteSpec *m_spec;
};

/// Where a plugin registers what it offers. Lives in one worker process, used only during HandlerPlugin::install().
class QUERN_EXPORT Application
{
public:
    explicit Application(ApplicationPrivate *d);
    Q_DISABLE_COPY_MOVE(Application)

    /// Registers \a handler for \a method and \a pattern. A pattern starts with '/', and a segment ":name" matches any
    /// one non-empty segment, read by Request::param(). A fixed segment wins over a parameter. Throws
    /// std::invalid_argument if the pattern is malformed or taken by another route: the plugin is then refused with
    /// that text. GET routes answer HEAD as well.
    Route route(QByteArrayView method, QByteArrayView pattern, Handler handler);
    Route get(QByteArrayView pattern, Handler handler);
    Route post(QByteArrayView pattern, Handler handler);
    Route put(QByteArrayView pattern, Handler handler);
    Route patch(QByteArrayView pattern, Handler handler);
    Route del(QByteArrayView pattern, Handler handler);
    Route any(QByteArrayView pattern, Handler handler);

    /// The plugin's own settings: the free-form "settings" table of its [[plugin]] entry.
    const QVariantMap &settings() const;

    /// Number of the worker process, from 0.
    int workerId() const;

private:
    ApplicationPrivate *d;
};

} // namespace Quern
