#include <Quern/middleware.h>

#include "middleware_p.h"

#include "log_p.h"

#include <stdexcept>
#include <string>
#include <utility>

namespace Quern {

MiddlewareChain::MiddlewareChain(const RouteSpec &route, RequestPrivate *request, ResponsePrivate *response)
    : m_route(route)
    , m_request(request)
    , m_response(response)
    , m_answer(response)
{
}

void callHandler(const RouteSpec &route, const Request &request, Response &response, ResponsePrivate &answer)
{
    answer.isHandshake = route.isWebSocket();
    route.handler(request, response);
}

void MiddlewareChain::advance(std::size_t place)
{
    if (m_answer->isCancelled())
        return;
    if (place != m_reached || m_answer->isFinished()) {
        qCWarning(logSdk).noquote() << "request" << m_request.idText() << "of route"
                                    << m_route.method + ' ' + m_route.pattern << "went on"
                                    << (place != m_reached ? "twice from one middleware" : "after its answer")
                                    << "and is not run again: call next() once, and before the response has ended";
        return;
    }
    ++m_reached;
    // A middleware that defers is done with that when it goes on: the rest decides anew.
    const bool wasDeferred = std::exchange(m_answer->deferred, false);
    if (place < m_route.middleware.size())
        callMiddleware(place);
    else
        callHandler(m_route, m_request, m_response, *m_answer);
    if (wasDeferred && !m_answer->deferred)
        m_answer->finish();
}

void MiddlewareChain::callMiddleware(std::size_t place)
{
    const int statusBefore = m_answer->status;
    const qsizetype bodyBefore = m_answer->body.size(), fieldsBefore = m_answer->headerBlock.size();
    (*m_route.middleware[place])(m_request, m_response,
                                 Next(QExplicitlySharedDataPointer<MiddlewareChain>(this), place + 1));
    // An empty 200 that nobody meant would look like success.
    const bool wentOn = m_reached > place + 1;
    const bool isOver = m_answer->isFinished() || m_answer->deferred || m_answer->isCancelled();
    if (wentOn || isOver)
        return;
    const bool hasAnswered = m_answer->kind != Answer::Kind::Whole || m_answer->status != statusBefore ||
                             m_answer->body.size() != bodyBefore || m_answer->headerBlock.size() != fieldsBefore;
    if (!hasAnswered)
        throw std::logic_error("middleware " + std::to_string(place + 1) +
                               " neither went on nor answered: call next(), fill the response, or defer it; "
                               "response.end() answers with an empty 200");
}

void MiddlewareChain::proceed(std::size_t place)
{
    // Only within the middleware itself there is somebody to pass an exception to.
    if (m_answer->isInSinkThread() && !m_answer->deferred) {
        advance(place);
        return;
    }
    const QExplicitlySharedDataPointer<MiddlewareChain> self(this);
    m_answer->callAuthor([self, place] { self->advance(place); });
}

Next::Next(QExplicitlySharedDataPointer<MiddlewareChain> chain, std::size_t place) : d(std::move(chain)), m_place(place)
{
}

Next::Next(const Next &other) = default;
Next &Next::operator=(const Next &other) = default;
Next::~Next() = default;

void Next::operator()() const
{
    d->proceed(m_place);
}

} // namespace Quern
