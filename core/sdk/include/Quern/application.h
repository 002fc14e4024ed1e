#pragma once

#include <Quern/connection.h>
#include <Quern/cronjob.h>
#include <Quern/global.h>
#include <Quern/lifecycle.h>
#include <Quern/metrics.h>
#include <Quern/middleware.h>
#include <Quern/process.h>
#include <Quern/request.h>
#include <Quern/response.h>
#include <Quern/task.h>

#include <QByteArray>
#include <QByteArrayList>
#include <QByteArrayView>
#include <QList>
#include <QVariantMap>

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <vector>

namespace Quern {

class ApplicationPrivate;
struct RouteSpec;

/// Answers one request. Called in the worker's main thread. An exception that leaves it is logged and answered 500.
using Handler = std::function<void(const Request &request, Response &response)>;

/// A route that was just registered; its calls chain. After HandlerPlugin::install() they throw std::logic_error.
class QUERN_EXPORT Route
{
public:
    /// Made by RouteGroup::route().
    Route(ApplicationPrivate *application, RouteSpec *spec) : d(application), m_spec(spec) {}

    /// Whether a GET, HEAD or OPTIONS request of this route may run a second time in another worker after the worker
    /// that ran it died. On by default; switch it off for a handler that must not run twice.
    Route &retry(bool allowed);
    /// The name by which Request::urlFor() finds the route. Throws std::invalid_argument if it is empty or taken.
    Route &name(QByteArrayView name);
    /// Adds a middleware around the handler, within those that the route has already.
    Route &use(Middleware middleware);
    /// Runs the handler when the head of a request has arrived; it takes the body by Request::onBody(). The master
    /// looks the route up as well then, so constraints that take long are a burden for all its clients.
    Route &streamBody();

private:
    ApplicationPrivate *d;
    RouteSpec *m_spec;
};

/// A route for WebSocket connections that was just registered; its calls chain. After HandlerPlugin::install() they
/// throw std::logic_error.
///
///     app.webSocket("/chat/:room")
///         .onOpen([](const Connection &connection, const Request &request) {
///             connection.join(request.param("room").toUtf8());
///         })
///         .onMessage([](const Connection &connection, const Message &message) { connection.push(message.payload); });
///
/// All handlers are called in the worker's main thread: those of one connection one after the other, in the order of
/// what happened, and by the same worker as long as it lives; while it is being replaced, another stands in. With
/// dispatch_mode = "by-user" a connection that is bound to a user goes to the worker of that user. An exception that
/// leaves onOpen() closes the connection with 1011, and nothing more is called for it; one that leaves another is
/// logged. Each handler can be given once: std::invalid_argument for a second one, and for an empty one.
class QUERN_EXPORT WebSocketRoute
{
public:
    /// Made by RouteGroup::webSocket().
    WebSocketRoute(ApplicationPrivate *application, RouteSpec *spec) : d(application), m_spec(spec) {}

    /// What the route speaks, most wanted first (RFC 6455 §1.9): tokens. The first that the client offers as well is
    /// agreed, and Request::subprotocol() tells it; a client that offers none of them gets none, unless
    /// requireSubprotocol() is called. Throws std::invalid_argument if one is no token or stands there twice.
    WebSocketRoute &subprotocols(QByteArrayList names);
    /// Refuses a client that offers none of them with 400 and a text that lists them, behind middleware and before
    /// onHandshake(). Throws std::invalid_argument if subprotocols() has named none before.
    WebSocketRoute &requireSubprotocol();
    /// Called for the opening request, behind hooks and middleware. \a response may be given header fields and
    /// cookies, which leave with the 101; with a status of 300 or more, or with a body, it refuses the connection and
    /// is sent as it is. It may be deferred: the same holds when it ends. A hook or middleware that answers instead of
    /// going on refuses as well, whatever it answers.
    WebSocketRoute &onHandshake(std::function<void(const Request &request, Response &response)> handler);
    /// Called when the connection is there: from now on it can be sent to. \a request is the opening one, with the
    /// attributes that middleware has set.
    WebSocketRoute &onOpen(std::function<void(const Connection &connection, const Request &request)> handler);
    /// Called for each message.
    WebSocketRoute &onMessage(std::function<void(const Connection &connection, const Message &message)> handler);
    /// Called when the connection has gone: the last call for it, in which it is sent nothing any more.
    WebSocketRoute &onClose(std::function<void(const Connection &connection, const CloseReason &reason)> handler);
    /// Called when the client reads so slowly that buffer_high_watermark bytes wait for it; nothing is read from it
    /// until they have come down to buffer_low_watermark, which the second tells.
    WebSocketRoute &onBufferFull(std::function<void(const Connection &connection)> handler);
    WebSocketRoute &onBufferEmpty(std::function<void(const Connection &connection)> handler);

    /// See Route: name() for urlFor(); use() puts middleware around the handshake, within what the route has already.
    WebSocketRoute &name(QByteArrayView name);
    WebSocketRoute &use(Middleware middleware);

private:
    ApplicationPrivate *d;
    RouteSpec *m_spec;
};

/// What serves the ports of [[socket]] entries whose handler has its name; its calls chain. After
/// HandlerPlugin::install() they throw std::logic_error. Its handlers are called as those of a WebSocketRoute are, with
/// onConnect() in place of onOpen(). A stream port needs onConnect() or onReceive(), a datagram port onPacket().
class QUERN_EXPORT SocketHandler
{
public:
    /// Made by Application::socket().
    SocketHandler(ApplicationPrivate *application, RouteSpec *spec) : d(application), m_spec(spec) {}

    /// Called when a client has connected to a stream port.
    SocketHandler &onConnect(std::function<void(const Connection &connection)> handler);
    /// Called for each package, see open_eof_split and its like, or without such settings for what was read. \a bytes
    /// are valid during the call.
    SocketHandler &onReceive(std::function<void(const Connection &connection, QByteArrayView bytes)> handler);
    /// Called when the connection has gone: the last call for it.
    SocketHandler &onClose(std::function<void(const Connection &connection, const CloseReason &reason)> handler);
    /// Called for each datagram. Those of one sender come in order, by any worker.
    SocketHandler &onPacket(std::function<void(const Datagram &datagram)> handler);
    /// See WebSocketRoute.
    SocketHandler &onBufferFull(std::function<void(const Connection &connection)> handler);
    SocketHandler &onBufferEmpty(std::function<void(const Connection &connection)> handler);

private:
    ApplicationPrivate *d;
    RouteSpec *m_spec;
};

/// Routes that have the front of their patterns and their middleware in common. For HandlerPlugin::install(): after it
/// every call throws std::logic_error.
class QUERN_EXPORT RouteGroup
{
public:
    /// Made by group().
    RouteGroup(ApplicationPrivate *d, QByteArray prefix, std::vector<std::shared_ptr<const Middleware>> middleware);
    Q_DISABLE_COPY_MOVE(RouteGroup)

    /// Registers \a handler for \a method, one of ACL, BIND, CHECKOUT, COPY, DELETE, GET, HEAD, LINK, LOCK, M-SEARCH,
    /// MERGE, MKACTIVITY, MKCALENDAR, MKCOL, MOVE, NOTIFY, OPTIONS, PATCH, POST, PROPFIND, PROPPATCH, PURGE, PUT,
    /// REBIND, REPORT, SEARCH, SOURCE, SUBSCRIBE, TRACE, UNBIND, UNLINK, UNLOCK, UNSUBSCRIBE, and \a pattern, which is
    /// put behind the prefix of the group and may be empty in one. A pattern starts with '/', and its segments are
    /// - "users": fixed;
    /// - ":name": any one non-empty segment, read by Request::param();
    /// - ":id(\d+)": one that, percent-decoded, fits the regular expression as a whole (QRegularExpression, without
    /// '/');
    /// - "*path", at the end: all the segments that are left, at least one.
    /// In this order one wins over the other, and parameters with a constraint win in the order they were registered.
    /// Throws std::invalid_argument if the pattern is malformed or taken by another route: the plugin is then refused
    /// with that text. GET routes answer HEAD as well, and OPTIONS is answered for every path that has a route.
    Route route(QByteArrayView method, QByteArrayView pattern, Handler handler);
    Route get(QByteArrayView pattern, Handler handler);
    Route post(QByteArrayView pattern, Handler handler);
    Route put(QByteArrayView pattern, Handler handler);
    Route patch(QByteArrayView pattern, Handler handler);
    Route del(QByteArrayView pattern, Handler handler);
    /// For every method of these that has no route of its own there, OPTIONS included.
    Route any(QByteArrayView pattern, Handler handler);
    /// For WebSocket connections, patterns as in route(). A GET route with the same pattern may stand beside it, for
    /// clients that do not ask for WebSocket; without one these get 426.
    WebSocketRoute webSocket(QByteArrayView pattern);

    /// Puts \a middleware around all routes that this group registers afterwards, groups within it included, and within
    /// the middleware that is there already. Routes of before, and those of other plugins, are left alone.
    void use(Middleware middleware);
    /// Calls \a fill with a group below \a prefix, which starts with '/' and does not end so.
    void group(QByteArrayView prefix, const std::function<void(RouteGroup &group)> &fill);

protected:
    ApplicationPrivate *d; ///< of the worker, which it does not own

private:
    friend class ApplicationPrivate;

    QByteArray m_prefix;
    std::vector<std::shared_ptr<const Middleware>> m_middleware;
};

/// Where a plugin registers what it offers, in HandlerPlugin::install(). Lives in one worker process, in its main
/// thread, for as long as the plugin. The routes of a worker are fixed once it takes requests: what registers something
/// after install() throws std::logic_error; settings() and workerId() go on.
///
///     void Shop::install(Quern::Application &app)
///     {
///         app.get("/", [this](const Request &request, Response &response) { response.html(m_page); });
///         app.group("/api", [this](RouteGroup &api) {
///             api.use([this](Request &request, Response &response, const Next &next) {
///                 if (!isKnown(request.cookie("session")))
///                     response.setStatus(401).json({{"error", "log in first"}});
///                 else
///                     next();
///             });
///             api.get("/users/:id(\\d+)", [this](const Request &request, Response &response) {
///                 response.json(userOf(request.param("id")));
///             }).name("user");
///         });
///         app.generatedResponse([](const Request &, Response &response) { response.setHeader("X-Shop", "1"); });
///     }
class QUERN_EXPORT Application : public RouteGroup
{
public:
    /// Made by the worker.
    explicit Application(ApplicationPrivate *d);

    /// Has \a hook called for each request of the application before its route is looked up; for one whose body
    /// streams, when its head has arrived. It may change the request, and what it sets in the response is there for the
    /// handler. It may end the request: it fills the response and calls Response::end(), and then neither the later
    /// hooks nor a handler run. It cannot defer: a middleware can. In the order of registration, which over plugins is
    /// that of loading.
    void receivedRequest(std::function<void(Request &request, Response &response)> hook);
    /// Has \a hook called for each answer of the application before it leaves, those with status 404, 405 and 500
    /// included, and for a stream before its head leaves. It may change status, header fields and body; giving a body
    /// to an error replaces the server's own page. It cannot begin a stream. The callbacks of Response::beforeSend()
    /// have run before. In the order of registration.
    void generatedResponse(std::function<void(const Request &request, Response &response)> hook);
    /// Has \a cleaner called once after each request that reached a hook, middleware or handler, when its answer has
    /// been handed over or it was cancelled: to put back what must not last from one request to the next. An exception
    /// is logged.
    void cleaner(std::function<void(const Request &request)> cleaner);

    /// Serves the stream and datagram ports of [[socket]] entries with handler = \a name: letters, digits, '_' and '-'.
    /// Throws std::invalid_argument for another name, and if it is taken.
    SocketHandler socket(QByteArrayView name);
    /// Calls \a fill with a group of routes for the HTTP ports of [[socket]] entries with handler = \a name, a name as
    /// in socket(): they are served there and nowhere else. All calls with one name, of any plugin, add to the same.
    /// Hooks and cleaners are those of the whole application, and so are the names of routes.
    void port(QByteArrayView name, const std::function<void(RouteGroup &group)> &fill);

    /// Has \a handler called in a task worker for each task \a name that Server::deliver() hands over: a name of 1 to
    /// 128 bytes that no other task has, else std::invalid_argument. It returns nothing or Result<void>; a task that
    /// returns an error or throws is tried again while it has tries left. It is called in the main thread of its task
    /// worker, one task after the other.
    ///
    ///     app.task("mail", [](Quern::Task &task) { return send(task.payload().map()); })
    ///         .tries(5).timeout(30s)
    ///         .onFinish([](const Quern::TaskResult &result) { if (!result.ok()) qWarning() <<
    ///         result.error().message(); });
    template <std::invocable<Task &> Handler>
    TaskHandler task(QByteArrayView name, Handler handler)
    {
        return addTask(name, taskFunction(std::move(handler)));
    }
    template <QStringName Name, std::invocable<Task &> Handler>
    TaskHandler task(const Name &name, Handler handler)
    {
        return addTask(QString(name).toUtf8(), taskFunction(std::move(handler)));
    }
    /// Has \a listener called in a task worker for each event \a name that Server::fire() tells of, behind those that
    /// were registered before, which over plugins is in the order of loading. It returns nothing, bool or Result<bool>:
    /// false keeps the event from the listeners behind it. One that returns an error or throws is called again while
    /// the event has tries left, and then those behind it; those before it are not called again.
    template <std::invocable<const Event &> Listener>
    void listen(QByteArrayView name, Listener listener)
    {
        addListener(name, listenerFunction(std::move(listener)));
    }
    template <QStringName Name, std::invocable<const Event &> Listener>
    void listen(const Name &name, Listener listener)
    {
        addListener(QString(name).toUtf8(), listenerFunction(std::move(listener)));
    }

    /// Has \a run called in each custom process of a [[process]] entry with handler = \a name, in a thread of its own:
    /// a name of 1 to 64 bytes that no other has, else std::invalid_argument. The process ends when it returns, and is
    /// started again after restart_interval; an exception is logged, and ends it as well.
    ProcessHandler process(QByteArrayView name, std::function<void(Process &process)> run);
    template <QStringName Name>
    ProcessHandler process(const Name &name, std::function<void(Process &process)> run)
    {
        return process(QByteArrayView(QString(name).toUtf8()), std::move(run));
    }
    /// Has \a handler called for each message that Server::sendMessage() sends to a process, in the main thread of that
    /// process, be it a worker, a task worker, between two tasks, or any other; behind those that were registered
    /// before. An exception is logged.
    void onMessage(std::function<void(const ProcessMessage &message)> handler);
    /// Registers \a handler as the cron job \a name: letters, digits, '_' and '-'. It runs by the schedule that the
    /// calls on what is returned give it, or by those of [[cron]] entries with job = \a name, in the timer process: in
    /// a thread of its own, and beside other processes that have the plugin, so that its members are not those that
    /// handlers of requests see. Throws std::invalid_argument for another name, if it is taken, and for an empty
    /// handler.
    ///
    ///     app.cron("cleanup", [](CronRun &run) { removeOlderThan(run.parameters()); })
    ///         .at("0 3 * * *", "Europe/Berlin")
    ///         .missed(MissedRuns::Once);
    CronJob cron(QByteArrayView name, CronHandler handler);
    template <QStringName Name, typename Function>
    CronJob cron(const Name &name, Function function)
    {
        return cron(QByteArrayView(QString(name).toUtf8()), std::move(function));
    }
    /// The same for a function that cannot fail, but by an exception.
    template <std::invocable<CronRun &> Function>
    requires std::is_void_v<std::invoke_result_t<Function &, CronRun &>> CronJob cron(QByteArrayView name,
                                                                                      Function function)
    {
        return cron(name, CronHandler([function = std::move(function)](CronRun &run) mutable -> Result<void> {
                        function(run);
                        return {};
                    }));
    }

    // Metrics, which Prometheus reads from the server: each process of the server registers them in install(), and
    // counts for itself. A name has 1 to 128 letters, digits, '_' and ':', and begins with none of quern_,
    // http_server_, process_ and system_, which are the server's own; the best is that of the plugin. It ends in
    // neither _bucket, _sum nor _count. Help is a sentence of at most 500 bytes. There are at most 8 labels, of
    // letters, digits and '_', but not le, quantile, application, or one that begins with two '_'. Throws
    // std::invalid_argument, which names the metric and the mend, for others, if the name is taken, and when the 256
    // KiB or 1,000 metrics of a process are used up.

    /// Registers a counter, whose name ends in _total. It begins with 0; with labels, each series does that is made by
    /// Counter::with().
    Counter counter(QByteArrayView name, QByteArrayView help, const QByteArrayList &labels = {});
    /// Registers a gauge. \a merge says what Prometheus reads of those of all processes.
    Gauge gauge(QByteArrayView name, QByteArrayView help, const QByteArrayList &labels = {},
                GaugeMerge merge = GaugeMerge::Sum);
    /// Registers a histogram, whose name ends in its unit, such as _seconds or _bytes. \a buckets are their upper
    /// bounds, rising, at most 64; what lies above the last is counted as well. Empty: times from 5 ms to 10 s.
    Histogram histogram(QByteArrayView name, QByteArrayView help, const QList<double> &buckets = {},
                        const QByteArrayList &labels = {});

    // Life-cycle hooks: those of a kind are called one after the other, in the order of their registration, which over
    // plugins is that of loading; each may take hook_timeout, and its process is killed then. One that returns an error
    // or throws is logged, and the others follow. They return nothing, Result<void> or Outcome.

    /// Called once at the start of the server, before any process takes work, in a process of its own that ends
    /// afterwards: what it leaves is what it has written, to tables for instance. There is nobody yet who takes tasks,
    /// messages or pushes: server() refuses them with Error::Unavailable. If one fails, the server does not start. Not
    /// called at a reload.
    template <std::invocable<> Hook>
    void onServerStart(Hook hook)
    {
        onServerStart(lifeCycleHook<>(std::move(hook)));
    }
    void onServerStart(LifeCycleHook hook);
    /// The same at the end, when all other processes have gone, and nobody takes anything any more. Not called if the
    /// server dies.
    template <std::invocable<> Hook>
    void onServerStop(Hook hook)
    {
        onServerStop(lifeCycleHook<>(std::move(hook)));
    }
    void onServerStop(LifeCycleHook hook);
    /// Called in each process when its plugins are loaded, before it takes work: in workers, task workers, the timer
    /// process and custom processes, in the main thread. Also after a restart. What is delivered, sent or pushed here
    /// leaves when all hooks have returned, so that calls which wait for the server's answer, as deliverAndWait() does,
    /// are refused with Error::Unavailable; so it is in onWorkerError().
    template <std::invocable<> Hook>
    void onWorkerStart(Hook hook)
    {
        onWorkerStart(lifeCycleHook<>(std::move(hook)));
    }
    void onWorkerStart(LifeCycleHook hook);
    /// Called in the same processes, when the hooks of onWorkerStart() have returned: whether this one can serve. If
    /// one fails, by its result or an exception, the process takes no work and is ended: a start, a reload or a restart
    /// of the server fails with that reason, and what served before goes on; a process that was to take the place of a
    /// single one is tried again after a pause. The same calls are refused as in onWorkerStart().
    template <std::invocable<> Hook>
    void onHealthCheck(Hook hook)
    {
        onHealthCheck(lifeCycleHook<>(std::move(hook)));
    }
    void onHealthCheck(LifeCycleHook hook);
    /// Called in the same processes when they are about to end because they were told to. Not called in one that
    /// crashes or is killed.
    template <std::invocable<> Hook>
    void onWorkerStop(Hook hook)
    {
        onWorkerStop(lifeCycleHook<>(std::move(hook)));
    }
    void onWorkerStop(LifeCycleHook hook);
    /// Called when a process has crashed or was killed, in the process that takes its place, before onWorkerStart().
    template <std::invocable<const WorkerFailure &> Hook>
    void onWorkerError(Hook hook)
    {
        onWorkerError(lifeCycleHook<const WorkerFailure &>(std::move(hook)));
    }
    void onWorkerError(WorkerErrorHook hook);
    /// Called in the same processes as onWorkerStart() when all processes of their generation are ready: from now on
    /// they get work, and may have got some already. From here on all calls of server() work.
    template <std::invocable<> Hook>
    void onReady(Hook hook)
    {
        onReady(lifeCycleHook<>(std::move(hook)));
    }
    void onReady(LifeCycleHook hook);
    /// Called in them when they get no new work any more, and finish what they have begun: at a reload, or before the
    /// server stops.
    template <std::invocable<> Hook>
    void onDrain(Hook hook)
    {
        onDrain(lifeCycleHook<>(std::move(hook)));
    }
    void onDrain(LifeCycleHook hook);

    /// The plugin's own settings: the free-form "settings" table of its [[plugin]] entry.
    const QVariantMap &settings() const;

    /// Number of the process among those of its role, from 0.
    int workerId() const;

private:
    TaskHandler addTask(QByteArrayView name, TaskFunction handler);
    void addHook(int kind, WorkerErrorHook hook);
    void addPlainHook(int kind, LifeCycleHook hook);
    void addListener(QByteArrayView event, ListenerFunction listener);
};

} // namespace Quern
