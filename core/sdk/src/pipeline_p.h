#pragma once

#include "answer_p.h"
#include "application_p.h"
#include "request_p.h"
#include "response_p.h"
#include "router_p.h"

#include <deque>
#include <vector>

namespace Quern {

/// The way of a request through what the plugins have registered, without a wire: hooks, route, middleware, handler,
/// hooks, cleaners. What these throw passes through, but for that of cleaners. Lives in the worker's main thread.
class QUERN_EXPORT Pipeline
{
public:
    /// \a application outlives the pipeline, and stays as it is.
    explicit Pipeline(const ApplicationPrivate &application);

    bool hasReceivedHooks() const { return !m_application.receivedHooks.empty(); }
    bool hasCleaners() const { return !m_application.cleaners.empty(); }

    /// Takes a request from its hooks to the end of its handler. \a match is that of route(), or nothing yet if there
    /// are hooks; \a routed() is called when hooks have led to a match, \a prepare(route) before middleware and
    /// handler. \a request and \a response are handles of \a requestData and \a answer.
    template <typename Routed, typename Prepare>
    void run(Router::Match &match, Request &request, Response &response, RequestPrivate &requestData,
             ResponsePrivate &answer, Routed routed, Prepare prepare) const
    {
        requestData.application = &m_application;
        if (hasReceivedHooks()) {
            received(request, response, answer);
            if (answer.isFinished())
                return;
            match = route(requestData);
            routed();
        }
        if (match.outcome != Router::Outcome::Found) {
            answer.finishWith(answerWithoutRoute(match, answer.headerBlock));
            return;
        }
        const RouteSpec &found = routeAt(match.route);
        prepare(found);
        handle(found, request, response, &requestData, &answer);
    }

    /// Calls the hooks for a request that has arrived, until one of them ends it.
    void received(Request &request, Response &response, ResponsePrivate &answer) const;
    /// Looks up the route of \a request, and gives it route and parameters.
    Router::Match route(RequestPrivate &request) const;
    /// The same, and \a request stays as it is.
    Router::Match match(const RequestPrivate &request) const;
    const RouteSpec &routeAt(qsizetype number) const { return m_application.routes[std::size_t(number)]; }
    /// The answer to a request that has no route; \a match is not Found. With the header fields of \a headerBlock.
    static Answer answerWithoutRoute(const Router::Match &match, const QByteArray &headerBlock);
    /// Calls the middleware of \a route and its handler. \a request and \a response are handles of \a requestData and
    /// \a answer.
    static void handle(const RouteSpec &route, Request &request, Response &response, RequestPrivate *requestData,
                       ResponsePrivate *answer);
    /// Calls Response::beforeSend()'s callbacks and the hooks for an answer that is about to leave, and changes
    /// \a answer as they say. One by which the handler of a WebSocket route accepts becomes an upgrade before.
    /// \a response is what it came from, if anything; \a sink is that of responses. Returns what they have tried in
    /// vain, with the mend; empty if nothing.
    [[nodiscard]] QString generated(RequestPrivate *request, ResponsePrivate *response, ResponseSink *sink,
                                    Answer &answer) const;
    /// Where something came up, for a message: "route GET /users of plugin shop", or "GET /users" without a route.
    static QString placeOf(const RequestPrivate &request);
    /// Whether \a answer, which \a response came to, accepts a WebSocket.
    static bool accepts(const ResponsePrivate &response, const Answer &answer);
    /// "\a problem (route GET /users of plugin shop)"
    static QString withPlace(const QString &problem, const RequestPrivate &request);
    /// Calls the cleaners; their exceptions are logged.
    void clean(RequestPrivate *request) const;

private:
    /// The routes of one service.
    struct Service
    {
        QByteArray name;
        Router router;
    };

    Router &routerOf(const QByteArray &service);

    const ApplicationPrivate &m_application;
    std::deque<Service> m_services;        ///< that of the ports without a handler first
    std::vector<const Router *> m_routers; ///< by number of the port; null: that handler has no routes
};

} // namespace Quern
