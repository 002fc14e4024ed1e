#include <Quern/application.h>

#include "application_p.h"

#include "httpsyntax_p.h"
#include "routepattern_p.h"
#include "router_p.h"

#include <stdexcept>
#include <string>

namespace Quern {

namespace {

std::string routeName(const RouteSpec &route)
{
    return quoted(route.method + ' ' + route.pattern);
}

bool isMethod(QByteArrayView method)
{
    return isToken(method) && std::none_of(method.begin(), method.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

} // namespace

const RouteSpec *ApplicationPrivate::routeNamed(QByteArrayView name) const
{
    const auto place =
        std::find_if(routes.begin(), routes.end(), [name](const RouteSpec &route) { return route.name == name; });
    return name.isEmpty() || place == routes.end() ? nullptr : &*place;
}

Route &Route::retry(bool allowed)
{
    m_spec->retry = allowed;
    return *this;
}

Application::Application(ApplicationPrivate *data) : d(data) {}

Route Application::route(QByteArrayView method, QByteArrayView pattern, Handler handler)
{
    RouteSpec added{method.toByteArray(), pattern.toByteArray(), {}, d->plugin, std::move(handler)};
    if (!isMethod(method))
        throw std::invalid_argument("route " + routeName(added) +
                                    " has a malformed method: write it in upper case, \"GET\" for instance");
    added.shape = patternShape(parsePattern(added.pattern));
    if (!added.handler)
        throw std::invalid_argument("route " + routeName(added) + " has an empty handler");
    for (const RouteSpec &taken : d->routes) {
        if (taken.method == added.method && taken.shape == added.shape)
            throw std::invalid_argument("route " + routeName(added) + " of plugin " + quoted(added.plugin.toUtf8()) +
                                        " matches the same requests as " + routeName(taken) + " of plugin " +
                                        quoted(taken.plugin.toUtf8()) + ": change or remove one of them");
    }
    return Route(&d->routes.emplace_back(std::move(added)));
}

Route Application::get(QByteArrayView pattern, Handler handler)
{
    return route("GET", pattern, std::move(handler));
}

Route Application::post(QByteArrayView pattern, Handler handler)
{
    return route("POST", pattern, std::move(handler));
}

Route Application::put(QByteArrayView pattern, Handler handler)
{
    return route("PUT", pattern, std::move(handler));
}

Route Application::patch(QByteArrayView pattern, Handler handler)
{
    return route("PATCH", pattern, std::move(handler));
}

Route Application::del(QByteArrayView pattern, Handler handler)
{
    return route("DELETE", pattern, std::move(handler));
}

Route Application::any(QByteArrayView pattern, Handler handler)
{
    return route(Router::AnyMethod, pattern, std::move(handler));
}

const QVariantMap &Application::settings() const
{
    return d->settings;
}

int Application::workerId() const
{
    return d->workerId;
}

} // namespace Quern
