#pragma once

#include <Quern/global.h>
#include <Quern/request.h>
#include <Quern/response.h>

#include <QExplicitlySharedDataPointer>

#include <cstddef>
#include <functional>

namespace Quern {

class MiddlewareChain;

/// Goes on to the next middleware of a route, or to its handler.
///
/// A cheap handle that keeps the request and its response alive. It counts once: what a second call does is logged and
/// ignored, and so is a call after the response has ended or nobody waits for it any more.
class QUERN_EXPORT Next
{
public:
    /// Made by the worker.
    Next(QExplicitlySharedDataPointer<MiddlewareChain> chain, std::size_t place);
    Next(const Next &other);
    Next &operator=(const Next &other);
    ~Next();

    /// Within the middleware, what is inside runs before this returns, and its exceptions pass through here. After
    /// Response::defer() it may be called later, from any thread: what is inside then runs in the worker's main thread,
    /// and unless it defers as well, the answer leaves when it has returned.
    void operator()() const;

private:
    QExplicitlySharedDataPointer<MiddlewareChain> d;
    std::size_t m_place;
};

/// Stands around the handlers of routes. It may
/// - wrap: do something, call next(), do something more. When next() returns, an asynchronous handler has not answered
///   yet: what is to happen to every answer belongs in Response::beforeSend();
/// - end: fill the response and not call next();
/// - defer: call Response::defer(), keep next and call it when it has found out what it waited for.
///
/// If it does none of these, or drops all handles of a deferred response, the client gets 500; response.end() answers
/// with an empty 200. An exception that leaves it is logged and answered 500. Called in the worker's main thread.
using Middleware = std::function<void(Request &request, Response &response, const Next &next)>;

} // namespace Quern
