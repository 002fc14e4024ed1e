#pragma once

#include <Quern/request.h>

#include "bodyinbox_p.h"

#include <QByteArray>
#include <QFile>
#include <QHash>
#include <QList>
#include <QSharedData>
#include <QVarLengthArray>
#include <QVariant>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace Quern {

class ApplicationPrivate;
struct RouteSpec;

/// One part of a multipart/form-data body.
struct BodyPart
{
    QByteArray name;
    QByteArray fileName; ///< as the client sent it
    QByteArray contentType;
    quint64 offset = 0; ///< in the body, unless the part lies in a file
    quint64 size = 0;   ///< bytes
    QByteArray path;    ///< absolute, of the file that holds the part; empty: it lies in the body
    bool isFile = false;
};

/// What few requests have.
struct RequestExtra
{
    std::vector<QByteArray> kept; ///< owns the bytes of what hooks have replaced; views into them stay valid
    QHash<QByteArray, QVariant> attributes;
    QByteArray trailers; ///< "Name: value\r\n" for each trailer field
    QByteArray bodyPath; ///< absolute, of the file that holds the whole body; empty: it is in memory
    quint64 bodySize = 0;
    std::unique_ptr<QFile> bodyFile; ///< mapped, once the body was asked for
    QList<BodyPart> parts;
    bool isForm = false;              ///< multipart/form-data: parts tells all of it
    std::shared_ptr<BodyInbox> inbox; ///< of a route that takes the body in parts
};

/// The data behind Request. The worker fills it; every view points into \a frame, \a bodyBytes, the route's pattern or
/// RequestExtra.
class RequestPrivate : public QSharedData
{
public:
    struct HeaderView
    {
        QByteArrayView name;
        QByteArrayView value;
    };
    struct Param
    {
        QByteArrayView name;  ///< points into the route's pattern, which outlives every request
        QByteArrayView value; ///< percent-encoded as sent
    };
    using Params = QVarLengthArray<Param, 4>;

    /// See Request::path().
    QUERN_EXPORT QByteArrayView path() const;
    /// See Request::subprotocol().
    QByteArray subprotocol() const;
    /// See Request::body().
    QUERN_EXPORT QByteArrayView wholeBody();
    /// Made when it is first asked for.
    QUERN_EXPORT RequestExtra &extra();
    /// Keeps \a bytes as long as the request.
    QUERN_EXPORT QByteArrayView keep(const QByteArray &bytes);
    /// The body has come whole, and its handler takes it in parts: gives it an inbox. \a failed is told what a callback
    /// of the handler throws.
    QUERN_EXPORT void putIntoInbox(std::function<void(const QString &problem)> failed);
    /// Where the bytes of \a part lie in memory; Only of one without a file of its own.
    QByteArrayView bytesOf(const BodyPart &part);

    quint64 id = 0;
    QByteArray frame;     ///< owns the bytes of the head (and of a body that came with it)
    QByteArray bodyBytes; ///< owns a body that came in several frames
    QByteArrayView method;
    QByteArrayView target;
    QByteArrayView body;
    std::optional<quint64> bodyLength = 0; ///< of the whole body; none if it is streamed and its length is not known
    QVarLengthArray<HeaderView, 16> headers;
    Params params;
    QByteArrayView remoteAddress;     ///< text form
    QByteArrayView peerAddress;       ///< of the proxy, if isProxied
    QByteArrayView host;              ///< as the proxy got it; empty if there is none
    QByteArrayView clientCertificate; ///< fingerprint and subject, see ipc::RequestMessage; empty: it has none
    quint16 remotePort = 0;
    int minorVersion = 1;
    bool isSecure = false;
    bool isProxied = false;   ///< by a trusted proxy
    bool isWebSocket = false; ///< a good opening handshake
    quint8 port = 0;          ///< number of the port that it came in by
    RequestJourney journey;
    const RouteSpec *route = nullptr;                ///< once it is found
    qsizetype routeNumber = -1;                      ///< its place in the manifest
    const ApplicationPrivate *application = nullptr; ///< whose routes and ports have names
    std::unique_ptr<RequestExtra> rare;              ///< see extra()
};

} // namespace Quern
