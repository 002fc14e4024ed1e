#pragma once

#include "lifecycle_p.h"
#include "process_p.h"
#include "work_p.h"

#include <Quern/application.h>

#include "cronjob_p.h"
#include "metricarea_p.h"

#include <QByteArray>
#include <QString>

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace Quern {

/// Middleware is shared by the routes that it stands around: what it has captured exists once.
using MiddlewareList = std::vector<std::shared_ptr<const Middleware>>;

/// What the author wants called for the connections of a WebSocket route or a socket handler; what is empty, he does
/// not want to know.
struct LiveHandlers
{
    std::function<void(const Request &, Response &)> handshake; ///< called by the handler of its route
    std::function<void(const Connection &, const Request &)> open;
    std::function<void(const Connection &)> connect;
    std::function<void(const Connection &, const Message &)> message;
    std::function<void(const Connection &, QByteArrayView)> receive;
    std::function<void(const Datagram &)> packet;
    std::function<void(const Connection &, const CloseReason &)> close;
    std::function<void(const Connection &)> bufferFull;
    std::function<void(const Connection &)> bufferEmpty;
    QByteArrayList subprotocols; ///< the most wanted first
    bool requiresSubprotocol = false;
};

/// One registered route. Lives as long as its worker, since requests point into its pattern.
struct RouteSpec
{
    /// In place of a method: the route is for WebSocket connections, and its handler decides about the handshake.
    static constexpr QByteArrayView WebSocketMethod = "WEBSOCKET";
    /// In place of a method: it is no route but a socket handler, and its pattern is its name.
    static constexpr QByteArrayView SocketMethod = "SOCKET";

    QByteArray method;
    QByteArray pattern;
    QByteArray shape; ///< the same for patterns that match the same paths
    QString plugin;   ///< name of the plugin that registered it
    Handler handler;
    bool retry = true;
    bool streamBody = false;
    QByteArray name = {};           ///< of Route::name(); empty if it has none
    MiddlewareList middleware = {}; ///< the outermost first
    QByteArray service = {};        ///< the ports whose handler has this name serve it; empty: those without a handler
    std::shared_ptr<LiveHandlers> live = {}; ///< of a WebSocket route or a socket handler; null for others

    bool isWebSocket() const { return method == WebSocketMethod; }
    bool isSocket() const { return method == SocketMethod; }
};

/// A port that the server listens on, as far as requests know of it.
struct PortEntry
{
    QString name;
    QByteArray service; ///< its handler
};

/// "GET /users" in quotes, for a message.
std::string routeName(const RouteSpec &route);
/// Throws std::invalid_argument if \a middleware is empty; \a place is what it was given to.
std::shared_ptr<const Middleware> sharedMiddleware(Middleware middleware, const std::string &place);

/// Throws std::invalid_argument unless \a name can be that of a handler in the settings; \a call is what was given it.
void checkServiceName(QByteArrayView name, const char *call);

/// What the plugins of one worker have registered, and what the worker tells them.
class QUERN_EXPORT ApplicationPrivate
{
public:
    using ReceivedHook = std::function<void(Request &, Response &)>;
    using GeneratedHook = std::function<void(const Request &, Response &)>;
    using Cleaner = std::function<void(const Request &)>;

    /// How much has been registered.
    struct Mark
    {
        std::size_t routes = 0;
        std::size_t receivedHooks = 0;
        std::size_t generatedHooks = 0;
        std::size_t cleaners = 0;
        std::size_t tasks = 0;
        std::size_t listeners = 0;
        std::size_t hooks = 0;
        std::size_t cronJobs = 0;
        std::size_t processes = 0;
        std::size_t messageHandlers = 0;
        std::size_t metrics = 0;
    };
    Mark mark() const;
    /// Forgets what was registered after \a mark.
    void rollBack(const Mark &mark);

    /// The route with that name; null if there is none.
    const RouteSpec *routeNamed(QByteArrayView name) const;

    /// "task mail" for each task, and behind them "event order.paid" for each event that somebody listens to.
    std::vector<QByteArray> workNames() const;
    /// nullptr if there is none.
    const TaskSpec *taskNamed(QByteArrayView name) const;
    const ProcessSpec *processNamed(QByteArrayView name) const; ///< the same

    /// Has \a route found by \a name. Throws std::invalid_argument if that is empty or taken.
    void giveName(RouteSpec &route, QByteArrayView name) const;

    /// What the plugin \a name, whose settings are \a own, is to be installed with. Stays as long as this.
    Application &open(const QString &name, const QVariantMap &own);
    /// The settings that \a application was opened with; those of now if it was not.
    const QVariantMap &settingsOf(const Application &application) const;
    /// Nothing more is registered: the installation is over. What the groups have captured goes.
    void close();
    /// Throws std::logic_error, which names the mend, if the installation is over. \a call is what was tried.
    void checkOpen(const std::string &call) const;
    /// Made by RouteGroup::group() and Application::port(); stays as long as this.
    RouteGroup &addGroup(QByteArray prefix, MiddlewareList middleware, QByteArray service);
    /// The service that the routes of \a group belong to.
    QByteArray serviceOf(const RouteGroup &group) const;
    /// Adds a route of \a group with \a pattern, which is put behind \a prefix. Throws std::invalid_argument if it is
    /// malformed or taken.
    RouteSpec &addRoute(RouteSpec added, QByteArrayView prefix, QByteArrayView pattern);

    QString plugin;       ///< name of the plugin that is being installed
    QVariantMap settings; ///< of that plugin
    int workerId = 0;
    std::vector<PortEntry> ports; ///< by number; empty: there is one without a handler. Set before requests come
    std::deque<RouteSpec> routes; ///< a deque, so that Route handles and requests keep valid pointers
    std::vector<ReceivedHook> receivedHooks;
    std::vector<GeneratedHook> generatedHooks;
    std::vector<Cleaner> cleaners;
    std::deque<TaskSpec> tasks; ///< a deque, so that TaskHandler keeps a valid pointer
    std::vector<ListenerSpec> listeners;
    std::deque<ProcessSpec> processes; ///< a deque, so that ProcessHandler keeps a valid pointer
    std::vector<MessageSpec> messageHandlers;
    std::vector<HookSpec> hooks;
    std::deque<CronSpec> cronJobs; ///< a deque, so that CronJob handles keep valid pointers
    std::vector<std::shared_ptr<MetricFamilyCore>> metrics;
    std::shared_ptr<MetricArea> metricArea; ///< where they are; null: the first that is registered makes one

private:
    bool m_isOpen = true;
    // Authors may keep pointers to these.
    std::deque<Application> m_applications;
    std::deque<RouteGroup> m_groups;
    std::deque<QByteArray> m_services;  ///< of m_groups
    std::deque<QVariantMap> m_settings; ///< of m_applications
};

} // namespace Quern
