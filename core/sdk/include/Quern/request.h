#pragma once

#include <Quern/global.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QExplicitlySharedDataPointer>
#include <QString>

#include <chrono>

namespace Quern {

class RequestPrivate;

/// Where and when a request passed on its way to the handler. Times are points of the monotonic clock.
struct RequestJourney
{
    int workerId = 0;   ///< number of the worker that runs the handler, from 0
    int reactorId = 0;  ///< number of the master's reactor thread that owns the connection, from 0
    int generation = 0; ///< generation of the worker: 1 at start, one more with each reload
    std::chrono::steady_clock::time_point received;   ///< the master had read the last byte of the request
    std::chrono::steady_clock::time_point dispatched; ///< the master sent it to this worker
    std::chrono::steady_clock::time_point started;    ///< the handler was called
};

/// One HTTP request as a handler sees it.
///
/// A cheap handle: copies share the same request, and every view it returns stays valid while one copy lives, so an
/// asynchronous handler captures the request by value. To be used in the thread that called the handler.
class QUERN_EXPORT Request
{
public:
    explicit Request(RequestPrivate *d);
    Request(const Request &other);
    Request &operator=(const Request &other);
    ~Request();

    /// Number of the request, unique while the server runs; may be over 2^53, which JavaScript would round.
    quint64 id() const;
    /// The same for people, as it stands in the log: "0-17" for the 17th request of reactor 0.
    QByteArray idText() const;
    /// The method as sent: "GET", "POST", … in upper case.
    QByteArrayView method() const;
    /// The request target as sent, with its query string: "/hello/bar?x=1".
    QByteArrayView target() const;
    /// The path of the target, percent-encoded as sent: without the query string, and without scheme and authority
    /// if the client sent a whole URI (RFC 9112 §3.2.2).
    QByteArrayView path() const;
    /// The part of the target after '?', percent-encoded as sent; empty if there is none.
    QByteArrayView queryString() const;
    /// Minor version of HTTP/1.x: 0 or 1.
    int minorVersion() const;

    /// The part of the path that matched ":\a name" in the route's pattern, percent-decoded; empty if there is none.
    QString param(QByteArrayView name) const;
    /// First value of \a name in the query string, percent-decoded with '+' as space; null if it is absent.
    QString query(QByteArrayView name) const;

    /// First value of the header field \a name (compared without case), without surrounding space; null if absent.
    QByteArrayView header(QByteArrayView name) const;
    /// Number of header fields, and each one's name and value as sent, in the order sent; \a index from 0.
    qsizetype headerCount() const;
    QByteArrayView headerName(qsizetype index) const;
    QByteArrayView headerValue(qsizetype index) const;

    /// The whole body, transfer coding removed; empty if there is none.
    QByteArrayView body() const;

    /// Address of the peer: "127.0.0.1", "::1", or empty for a Unix socket.
    QString remoteAddress() const;
    /// Port of the peer; 0 for a Unix socket.
    quint16 remotePort() const;

    const RequestJourney &journey() const;

private:
    QExplicitlySharedDataPointer<RequestPrivate> d;
};

} // namespace Quern
