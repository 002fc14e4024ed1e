#include "pipeline_p.h"

#include "exceptiontext_p.h"
#include "log_p.h"
#include "middleware_p.h"

#include <utility>

namespace Quern {

Q_LOGGING_CATEGORY(logSdk, "quern.sdk", QtInfoMsg)

Pipeline::Pipeline(const ApplicationPrivate &application) : m_application(application)
{
    for (const RouteSpec &route : application.routes)
        m_router.add(route.method, route.pattern);
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
    request.application = &m_application;
    if (found.outcome == Router::Outcome::Found) {
        request.route = &routeAt(found.route);
        request.params = found.params;
    }
    return found;
}

Answer Pipeline::answerWithoutRoute(const Router::Match &match, const QByteArray &headerBlock)
{
    Answer answer;
    answer.headerBlock = headerBlock;
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
        route.handler(request, response);
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
