#include "pipeline_p.h"

#include "exceptiontext_p.h"
#include "httpsyntax_p.h"
#include "log_p.h"
#include "middleware_p.h"

#include <algorithm>
#include <utility>

namespace Quern {

Q_LOGGING_CATEGORY(logSdk, "quern.sdk", QtInfoMsg)

Pipeline::Pipeline(const ApplicationPrivate &application) : m_application(application)
{
    routerOf({});
    qsizetype number = 0;
    for (const RouteSpec &route : application.routes) {
        if (!route.isSocket())
            routerOf(route.service).add(route.method, route.pattern, number);
        ++number;
    }
    for (const PortEntry &port : application.ports) {
        const auto place = std::find_if(m_services.begin(), m_services.end(),
                                        [&port](const Service &each) { return each.name == port.service; });
        m_routers.push_back(place == m_services.end() ? nullptr : &place->router);
    }
}

bool Pipeline::accepts(const ResponsePrivate &response, const Answer &answer)
{
    return response.isHandshake && answer.kind == Answer::Kind::Whole && answer.status < 300 && answer.body.isEmpty();
}

Router &Pipeline::routerOf(const QByteArray &service)
{
    for (Service &each : m_services) {
        if (each.name == service)
            return each.router;
    }
    return m_services.emplace_back(Service{service, Router()}).router;
}

Router::Match Pipeline::match(const RequestPrivate &request) const
{
    const Router *router = request.port < m_routers.size() ? m_routers[request.port] : &m_services.front().router;
    if (!router)
        return {};
    if (request.isWebSocket && request.method == "GET") {
        if (Router::Match found = router->match(RouteSpec::WebSocketMethod, request.path());
            found.outcome == Router::Outcome::Found)
            return found;
    }
    return router->match(request.method, request.path());
}

void Pipeline::received(Request &request, Response &response, ResponsePrivate &answer) const
{
    for (const ApplicationPrivate::ReceivedHook &hook : m_application.receivedHooks) {
        hook(request, response);
        if (answer.isFinished())
            return;
        if (std::exchange(answer.deferred, false))
            qCWarning(logSdk).noquote() << "request" << request.idText()
                                        << "was deferred by a receivedRequest() hook, which has no effect: let a "
                                           "middleware wait instead";
    }
}

Router::Match Pipeline::route(RequestPrivate &request) const
{
    Router::Match found = match(request);
    if (found.outcome == Router::Outcome::Found) {
        request.route = &routeAt(found.route);
        request.routeNumber = found.route;
        request.params = found.params;
    }
    return found;
}

Answer Pipeline::answerWithoutRoute(const Router::Match &match, const QByteArray &headerBlock)
{
    Answer answer;
    answer.headerBlock = headerBlock;
    if (match.outcome == Router::Outcome::UpgradeRequired) {
        // RFC 9110 §15.5.22
        answer.kind = Answer::Kind::ErrorPage;
        answer.status = 426;
        answer.set("Upgrade", "websocket");
        return answer;
    }
    if (!match.allow.isEmpty())
        answer.set("Allow", match.allow);
    answer.status = match.outcome == Router::Outcome::Options            ? 204
                    : match.outcome == Router::Outcome::MethodNotAllowed ? 405
                                                                         : 404;
    if (answer.status != 204)
        answer.kind = Answer::Kind::ErrorPage;
    return answer;
}

void Pipeline::handle(const RouteSpec &route, Request &request, Response &response, RequestPrivate *requestData,
                      ResponsePrivate *answer)
{
    if (route.middleware.empty()) {
        callHandler(route, request, response, *answer);
        return;
    }
    const QExplicitlySharedDataPointer<MiddlewareChain> chain(new MiddlewareChain(route, requestData, answer));
    chain->advance(0);
}

QString Pipeline::generated(RequestPrivate *request, ResponsePrivate *response, ResponseSink *sink,
                            Answer &answer) const
{
    std::vector<ResponsePrivate::BeforeSend> callbacks;
    if (response)
        callbacks = response->takeBeforeSend();
    const bool isUpgrade = response && request->route && accepts(*response, answer);
    if (isUpgrade) {
        answer.kind = Answer::Kind::Upgrade;
        answer.status = 101;
        answer.remove("Upgrade"); // the server writes it
        if (const QByteArray agreed = request->subprotocol(); !agreed.isEmpty())
            answer.append("Sec-WebSocket-Protocol", agreed);
    }
    if (callbacks.empty() && m_application.generatedHooks.empty())
        return QString();
    // Apart from the response itself, which another thread may hold and go on to fill.
    const QExplicitlySharedDataPointer<ResponsePrivate> draft(new ResponsePrivate(request->id, sink));
    draft->close();
    draft->isDraft = true;
    const auto stream = answer.stream;
    static_cast<Answer &>(*draft) = std::move(answer);
    if (stream)
        draft->contentTypeImplied = false; // its body stays, and so does its type
    Response handle(draft.data());
    for (auto callback = callbacks.rbegin(); callback != callbacks.rend(); ++callback)
        (*callback)(handle);
    const Request requestHandle(request);
    for (const ApplicationPrivate::GeneratedHook &hook : m_application.generatedHooks)
        hook(requestHandle, handle);
    answer = std::move(static_cast<Answer &>(*draft));
    if (stream) {
        // The body of a stream is what its author writes: only the head can be changed.
        answer.kind = Answer::Kind::Stream;
        answer.stream = stream;
        answer.body.clear();
    }
    if (isUpgrade && (answer.kind != Answer::Kind::Upgrade || answer.status != 101)) {
        answer.kind = Answer::Kind::Upgrade;
        answer.status = 101;
        answer.body.clear();
        return QStringLiteral("a generatedResponse() hook or beforeSend() callback gave a status or a body to the "
                              "answer that opens a WebSocket, which has no effect: refuse it in a middleware or "
                              "in onHandshake()");
    }
    if (!draft->hasRefusedStream)
        return QString();
    return QStringLiteral("a generatedResponse() hook or beforeSend() callback began a stream, which has no effect on "
                          "an answer that leaves: give it a body, or let the handler stream");
}

QString Pipeline::placeOf(const RequestPrivate &request)
{
    if (!request.route)
        return QString::fromUtf8(request.method) + u' ' + QString::fromUtf8(request.path());
    return QStringLiteral("route %1 %2 of plugin %3")
        .arg(QString::fromUtf8(request.route->method), QString::fromUtf8(request.route->pattern),
             request.route->plugin);
}

QString Pipeline::withPlace(const QString &problem, const RequestPrivate &request)
{
    return QStringLiteral("%1 (%2)").arg(problem, placeOf(request));
}

void Pipeline::clean(RequestPrivate *request) const
{
    const Request handle(request);
    for (const ApplicationPrivate::Cleaner &cleaner : m_application.cleaners) {
        try {
            cleaner(handle);
        } catch (...) {
            qCCritical(logSdk).noquote().nospace() << "a cleaner threw after " << request->method << ' '
                                                   << request->path() << ": " << textOfCurrentException();
        }
    }
}

} // namespace Quern
