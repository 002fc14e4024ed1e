#pragma once

#include <Quern/global.h>
#include <Quern/result.h>
#include <Quern/uploadedfile.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QExplicitlySharedDataPointer>
#include <QJsonValue>
#include <QList>
#include <QString>
#include <QStringList>
#include <QUrl>
#include <QVariant>

#include <chrono>
#include <functional>
#include <initializer_list>
#include <optional>
#include <utility>

namespace Quern {

class RequestPrivate;

/// Where and when a request passed on its way to the handler. Times are points of the monotonic clock. A
/// value type.
struct RequestJourney
{
    int workerId = 0;   ///< number of the worker that runs the handler, from 0
    int reactorId = 0;  ///< number of the master's reactor thread that owns the connection, from 0
    int generation = 0; ///< generation of the worker: 1 at start, one more with each reload
    std::chrono::steady_clock::time_point received;   ///< the master had read the last byte of the request
    std::chrono::steady_clock::time_point dispatched; ///< the master sent it to this worker
    std::chrono::steady_clock::time_point started;    ///< the handler was called
};

/// The certificate of a TLS client, which leads to one of those in ssl_client_cert_file. A value type.
struct ClientCertificate
{
    QString subject;        ///< as RFC 2253 writes it: "CN=Ada,O=Example"; cut after 4096 bytes
    QByteArray fingerprint; ///< SHA-256 of the certificate: 64 lower-case hexadecimal digits
};

/// Pairs of name and value, decoded, in the order sent.
using NameValueList = QList<std::pair<QString, QString>>;

/// One HTTP request as a handler sees it.
///
/// A cheap handle: copies share the same request, and every view it returns stays valid while one copy lives, so an
/// asynchronous handler captures the request by value. To be used in the thread that called the handler.
class QUERN_EXPORT Request
{
public:
    /// Made by the worker.
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

    /// The part of the path that matched ":\a name" or "*\a name" in the route's pattern, percent-decoded once; empty
    /// if there is none. That of a wildcard holds slashes, encoded ones among them; dot segments are refused before.
    QString param(QByteArrayView name) const;
    /// First value of \a name in the query string, percent-decoded with '+' as space; null if it is absent.
    QString query(QByteArrayView name) const;
    /// All values of \a name; and all pairs. Of more than 1000 pairs the rest is ignored.
    QStringList queryAll(QByteArrayView name) const;
    NameValueList queryItems() const;

    /// First value of the header field \a name (compared without case), without surrounding space; null if absent.
    QByteArrayView header(QByteArrayView name) const;
    /// Number of header fields, and each one's name and value as sent, in the order sent; \a index from 0.
    qsizetype headerCount() const;
    QByteArrayView headerName(qsizetype index) const;
    QByteArrayView headerValue(qsizetype index) const;
    /// First value of the trailer field \a name, which came after the body (RFC 9110 §6.5); null if absent.
    QByteArrayView trailer(QByteArrayView name) const;
    /// Value of the first cookie \a name, percent-decoded as Response::setCookie() encodes it; null if absent.
    QString cookie(QByteArrayView name) const;
    /// All cookies, each name once. Of more than 1000 the rest is ignored.
    NameValueList cookies() const;

    /// Id of the last server-sent event that the client has seen, see EventStream; null if it has seen none.
    QString lastEventId() const;

    /// The whole body, transfer coding removed; empty if there is none. A large one lies in a file, which is mapped
    /// when it is first asked for: std::runtime_error if that fails. Empty as well for one that is taken in parts, see
    /// onBody(). Of a multipart/form-data body that is longer than http_body_buffer_size it is the short parts one
    /// behind the other, which bodyLength() counts: use form() and files().
    QByteArrayView body() const;
    /// The body as JSON: any value (RFC 8259), not only objects and arrays. Whatever the Content-Type says.
    /// Error::Invalid, with the line and column where reading ended, if it is none.
    Result<QJsonValue> json() const;
    /// First value of the field \a name of a form: of an application/x-www-form-urlencoded body, or of a
    /// multipart/form-data body the parts that are no files. Null if it is absent, or the body no form.
    QString form(QByteArrayView name) const;
    /// All values of \a name; and all fields. Of more than 1000 fields the rest is ignored; a multipart form of more
    /// than 1000 parts is refused with 413 before.
    QStringList formAll(QByteArrayView name) const;
    NameValueList formItems() const;
    /// The files of a multipart/form-data body, in the order sent; and the first in the field \a name.
    QList<UploadedFile> files() const;
    std::optional<UploadedFile> file(QByteArrayView name) const;

    /// For routes with Route::streamBody(), whose handler runs when the head has arrived: \a part is called for each
    /// part of the body, in order, and then \a ended once: with true at the end of the body, with false if the client
    /// went away. Both are called on the event loop, never from within onBody(), until the answer has left; after that
    /// they are let go, and the rest of the body is dropped. So a handler that answers at the end calls
    /// Response::defer() and captures what that returns. What arrives before onBody() is kept, within the window that
    /// the server grants. An exception in a callback is logged and answered 500. Throws std::logic_error for other
    /// routes, or when called again.
    void onBody(std::function<void(QByteArrayView part)> part, std::function<void(bool complete)> ended = {}) const;
    /// Holds the parts up, and after a window of 256 KiB the client; and lets them come again.
    void pauseBody() const;
    void resumeBody() const;
    /// Bytes of the whole body; nothing if it is taken in parts and its length is not known beforehand.
    std::optional<quint64> bodyLength() const;

    /// Address of the client: "127.0.0.1", "::1", or empty for a Unix socket. If the request came through a trusted
    /// proxy, what that says.
    QString remoteAddress() const;
    /// Port of the client; 0 for a Unix socket or behind a proxy that does not say it.
    quint16 remotePort() const;
    /// Address of the peer that sent the request: the trusted proxy, or the client itself; empty for a Unix socket.
    QString peerAddress() const;
    /// What the TLS client of this server has shown (the proxy, if there is one between), see ssl_verify_peer; nothing
    /// if it has shown none, or none was asked for.
    std::optional<ClientCertificate> clientCertificate() const;
    /// Whether the client speaks https, to the trusted proxy or to this server.
    bool isSecure() const;
    /// "https" or "http".
    QByteArrayView scheme() const;
    /// Name of the port that it came in by, see Quern::PortInfo: "main" for the addresses of [server].
    QString port() const;
    /// The host that the client asked for, with its port if it named one: "example.org:8080". What a trusted proxy
    /// says, else what stands in the target or the Host field, without user information. Empty if there is none.
    QByteArrayView host() const;
    /// The absolute URL of this request, "https://example.org/a?b=c"; without scheme and host if host() is empty.
    QUrl url() const;

    /// Name of the route, see Route::name(), and its pattern as registered; empty before the route is found.
    QByteArrayView routeName() const;
    QByteArrayView routePattern() const;
    /// The subprotocol of a WebSocket: the first that its route speaks, see WebSocketRoute::subprotocols(), of those
    /// that the client offers. It is agreed on when the connection is accepted; middleware and onHandshake() see the
    /// one that would be. Empty if there is none, before the route is found, and for other requests.
    QByteArray subprotocol() const;
    /// The path of the route \a name with \a params in the place of its parameters, percent-encoded: "/users/5". Throws
    /// std::invalid_argument if there is no such route, or a parameter is missing, too many or against its constraint,
    /// or the server would refuse the path for a dot segment or an encoded NUL.
    QByteArray urlFor(QByteArrayView name, std::initializer_list<std::pair<QByteArrayView, QString>> params = {}) const;

    /// What hooks and middleware want the handler to know, by name; an invalid QVariant if it was never set.
    QVariant attribute(QByteArrayView name) const;
    void setAttribute(QByteArrayView name, const QVariant &value);

    /// For Application::receivedRequest(): changes what the route is looked up by, and what the handler sees. \a target
    /// is a path with or without a query string. Throw std::invalid_argument if the new value could not have been sent.
    void setMethod(QByteArrayView method);
    void setTarget(QByteArrayView target);
    /// Replaces all header fields \a name by one, or adds it; and removes them.
    void setHeader(QByteArrayView name, QByteArrayView value);
    void removeHeader(QByteArrayView name);

    /// Where and when it passed on its way here.
    const RequestJourney &journey() const;

private:
    QExplicitlySharedDataPointer<RequestPrivate> d;
};

} // namespace Quern
