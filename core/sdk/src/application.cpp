#include <Quern/application.h>

#include "application_p.h"

#include "httpsyntax_p.h"
#include "routepattern_p.h"
#include "router_p.h"

#include <stdexcept>
#include <string>

namespace Quern {

namespace {

bool isMethod(QByteArrayView method)
{
    return isToken(method) && std::none_of(method.begin(), method.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

void checkHook(bool isEmpty, const char *place)
{
    if (isEmpty)
        throw std::invalid_argument(std::string("an empty function is given to ") + place);
}

} // namespace

std::string routeName(const RouteSpec &route)
{
    return quoted(route.method + ' ' + route.pattern);
}

std::shared_ptr<const Middleware> sharedMiddleware(Middleware middleware, const std::string &place)
{
    if (!middleware)
        throw std::invalid_argument("an empty middleware is given to " + place);
    return std::make_shared<const Middleware>(std::move(middleware));
}

ApplicationPrivate::Mark ApplicationPrivate::mark() const
{
    return {routes.size(),    receivedHooks.size(),   generatedHooks.size(), cleaners.size(),
            tasks.size(),     listeners.size(),       hooks.size(),          cronJobs.size(),
            processes.size(), messageHandlers.size(), metrics.size()};
}

void ApplicationPrivate::rollBack(const Mark &mark)
{
    routes.erase(routes.begin() + std::ptrdiff_t(mark.routes), routes.end());
    receivedHooks.erase(receivedHooks.begin() + std::ptrdiff_t(mark.receivedHooks), receivedHooks.end());
    generatedHooks.erase(generatedHooks.begin() + std::ptrdiff_t(mark.generatedHooks), generatedHooks.end());
    cleaners.erase(cleaners.begin() + std::ptrdiff_t(mark.cleaners), cleaners.end());
    tasks.erase(tasks.begin() + std::ptrdiff_t(mark.tasks), tasks.end());
    listeners.erase(listeners.begin() + std::ptrdiff_t(mark.listeners), listeners.end());
    processes.erase(processes.begin() + std::ptrdiff_t(mark.processes), processes.end());
    messageHandlers.erase(messageHandlers.begin() + std::ptrdiff_t(mark.messageHandlers), messageHandlers.end());
    hooks.erase(hooks.begin() + std::ptrdiff_t(mark.hooks), hooks.end());
    cronJobs.erase(cronJobs.begin() + std::ptrdiff_t(mark.cronJobs), cronJobs.end());
    metrics.erase(metrics.begin() + std::ptrdiff_t(mark.metrics), metrics.end());
}

Application &ApplicationPrivate::open(const QString &name, const QVariantMap &own)
{
    plugin = name;
    settings = own;
    m_settings.push_back(own);
    m_isOpen = true;
    return m_applications.emplace_back(this);
}

const QVariantMap &ApplicationPrivate::settingsOf(const Application &application) const
{
    for (std::size_t i = 0; i < m_applications.size(); ++i) {
        if (&m_applications[i] == &application)
            return m_settings[i];
    }
    return settings;
}

void ApplicationPrivate::close()
{
    m_isOpen = false;
    for (Application &application : m_applications)
        application.m_middleware.clear();
    for (RouteGroup &group : m_groups)
        group.m_middleware.clear();
}

void ApplicationPrivate::checkOpen(const std::string &call) const
{
    if (!m_isOpen)
        throw std::logic_error(call + " was called after install(), when the worker's routes are fixed: call it in "
                                      "install(), and let a handler or middleware decide what changes later");
}

RouteGroup &ApplicationPrivate::addGroup(QByteArray prefix, MiddlewareList middleware, QByteArray service)
{
    m_services.push_back(std::move(service));
    return m_groups.emplace_back(this, std::move(prefix), std::move(middleware));
}

QByteArray ApplicationPrivate::serviceOf(const RouteGroup &group) const
{
    for (std::size_t i = 0; i < m_groups.size(); ++i) {
        if (&m_groups[i] == &group)
            return m_services[i];
    }
    return {};
}

RouteSpec &ApplicationPrivate::addRoute(RouteSpec added, QByteArrayView prefix, QByteArrayView pattern)
{
    // The prefix has passed for itself, and must not hide that there is no '/' between the two.
    if (prefix.isEmpty() || !pattern.isEmpty())
        parsePattern(pattern);
    added.shape = patternShape(parsePattern(added.pattern));
    if (!added.handler)
        throw std::invalid_argument("route " + routeName(added) + " has an empty handler");
    for (const RouteSpec &taken : routes) {
        if (taken.method == added.method && taken.shape == added.shape && taken.service == added.service)
            throw std::invalid_argument("route " + routeName(added) + " of plugin " + quoted(added.plugin.toUtf8()) +
                                        " matches the same requests as " + routeName(taken) + " of plugin " +
                                        quoted(taken.plugin.toUtf8()) + ": change or remove one of them");
    }
    return routes.emplace_back(std::move(added));
}

void ApplicationPrivate::giveName(RouteSpec &route, QByteArrayView name) const
{
    if (name.isEmpty())
        throw std::invalid_argument("route " + routeName(route) + " is given an empty name: write one, or none");
    const RouteSpec *taken = routeNamed(name);
    if (taken != nullptr && taken != &route)
        throw std::invalid_argument("route " + routeName(route) + " of plugin " + quoted(route.plugin.toUtf8()) +
                                    " has the name " + quoted(name) + " of " + routeName(*taken) + " of plugin " +
                                    quoted(taken->plugin.toUtf8()) + ": rename one of them");
    route.name = name.toByteArray();
}

const RouteSpec *ApplicationPrivate::routeNamed(QByteArrayView name) const
{
    const auto place =
        std::find_if(routes.begin(), routes.end(), [name](const RouteSpec &route) { return route.name == name; });
    return name.isEmpty() || place == routes.end() ? nullptr : &*place;
}

Route &Route::retry(bool allowed)
{
    d->checkOpen("Route::retry()");
    m_spec->retry = allowed;
    return *this;
}

Route &Route::name(QByteArrayView name)
{
    d->checkOpen("Route::name()");
    d->giveName(*m_spec, name);
    return *this;
}

Route &Route::use(Middleware middleware)
{
    d->checkOpen("Route::use()");
    m_spec->middleware.push_back(sharedMiddleware(std::move(middleware), routeName(*m_spec)));
    return *this;
}

Route &Route::streamBody()
{
    d->checkOpen("Route::streamBody()");
    m_spec->streamBody = true;
    return *this;
}

RouteGroup::RouteGroup(ApplicationPrivate *data, QByteArray prefix, MiddlewareList middleware)
    : d(data)
    , m_prefix(std::move(prefix))
    , m_middleware(std::move(middleware))
{
}

Route RouteGroup::route(QByteArrayView method, QByteArrayView pattern, Handler handler)
{
    RouteSpec added{method.toByteArray(), m_prefix + pattern.toByteArray(), {}, d->plugin, std::move(handler)};
    d->checkOpen("the registration of route " + routeName(added));
    if (!isMethod(method))
        throw std::invalid_argument("route " + routeName(added) +
                                    " has a malformed method: write it in upper case, \"GET\" for instance");
    if (method != Router::AnyMethod && !isKnownMethod(method))
        throw std::invalid_argument("route " + routeName(added) +
                                    " has a method that is answered 501, as are all but " +
                                    "those that Application::route() lists");
    added.middleware = m_middleware;
    added.service = d->serviceOf(*this);
    return Route(d, &d->addRoute(std::move(added), m_prefix, pattern));
}

void RouteGroup::use(Middleware middleware)
{
    d->checkOpen("use()");
    m_middleware.push_back(sharedMiddleware(std::move(middleware), quoted(m_prefix)));
}

void RouteGroup::group(QByteArrayView prefix, const std::function<void(RouteGroup &)> &fill)
{
    d->checkOpen("group()");
    if (!prefix.startsWith('/') || prefix.endsWith('/'))
        throw std::invalid_argument("group prefix " + quoted(prefix) +
                                    " has to start with '/' and not to end so: write it like \"/api\"");
    parsePattern(prefix);
    fill(d->addGroup(m_prefix + prefix.toByteArray(), m_middleware, d->serviceOf(*this)));
}

Route RouteGroup::get(QByteArrayView pattern, Handler handler)
{
    return route("GET", pattern, std::move(handler));
}

Route RouteGroup::post(QByteArrayView pattern, Handler handler)
{
    return route("POST", pattern, std::move(handler));
}

Route RouteGroup::put(QByteArrayView pattern, Handler handler)
{
    return route("PUT", pattern, std::move(handler));
}

Route RouteGroup::patch(QByteArrayView pattern, Handler handler)
{
    return route("PATCH", pattern, std::move(handler));
}

Route RouteGroup::del(QByteArrayView pattern, Handler handler)
{
    return route("DELETE", pattern, std::move(handler));
}

Route RouteGroup::any(QByteArrayView pattern, Handler handler)
{
    return route(Router::AnyMethod, pattern, std::move(handler));
}

Application::Application(ApplicationPrivate *data) : RouteGroup(data, {}, {}) {}

void Application::receivedRequest(std::function<void(Request &, Response &)> hook)
{
    d->checkOpen("receivedRequest()");
    checkHook(!hook, "receivedRequest()");
    d->receivedHooks.push_back(std::move(hook));
}

void Application::generatedResponse(std::function<void(const Request &, Response &)> hook)
{
    d->checkOpen("generatedResponse()");
    checkHook(!hook, "generatedResponse()");
    d->generatedHooks.push_back(std::move(hook));
}

void Application::cleaner(std::function<void(const Request &)> cleaner)
{
    d->checkOpen("cleaner()");
    checkHook(!cleaner, "cleaner()");
    d->cleaners.push_back(std::move(cleaner));
}

const QVariantMap &Application::settings() const
{
    return d->settingsOf(*this);
}

int Application::workerId() const
{
    return d->workerId;
}

} // namespace Quern
