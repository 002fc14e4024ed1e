#pragma once

#include "application_p.h"
#include "request_p.h"
#include "response_p.h"

#include <QSharedData>

namespace Quern {

/// Calls the handler of \a route; \a response is a handle of \a answer.
void callHandler(const RouteSpec &route, const Request &request, Response &response, ResponsePrivate &answer);

/// One request on its way through the middleware of its route. Lives in the worker's main thread, but for its end.
class MiddlewareChain : public QSharedData
{
public:
    MiddlewareChain(const RouteSpec &route, RequestPrivate *request, ResponsePrivate *response);

    /// Calls the middleware at \a place, or the handler behind the last.
    void advance(std::size_t place);
    /// The same for Next, which may be late and in another thread.
    void proceed(std::size_t place);

private:
    void callMiddleware(std::size_t place);

    const RouteSpec &m_route;
    Request m_request;
    Response m_response; ///< a handle: while somebody may go on, the response is not forgotten
    QExplicitlySharedDataPointer<ResponsePrivate> m_answer;
    std::size_t m_reached = 0; ///< what is called next
};

} // namespace Quern
