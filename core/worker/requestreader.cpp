#include "worker/requestreader.h"

#include "base/clock.h"
#include "ipc/bodylayout.h"

namespace Quern::worker {

namespace {

Error broken(const char *what)
{
    return Error(Error::Protocol, QStringLiteral("malformed body layout: %1").arg(QLatin1StringView(what)));
}

/// Fills in what the master has found out about the body.
Result<void> applyLayout(RequestPrivate &request, const ipc::RequestMessage &message)
{
    const Result<ipc::BodyLayout> layout = ipc::BodyLayout::decode(message.bodyLayout);
    if (!layout)
        return layout.error();
    RequestExtra &extra = request.extra();
    extra.trailers = layout->trailers;
    extra.bodyPath = layout->path;
    extra.bodySize = layout->size;
    extra.isForm = layout->isForm;
    const quint64 bodySize = layout->path.isEmpty() ? message.bodyLength : layout->size;
    for (const ipc::BodyLayout::Part &part : layout->parts) {
        if (part.path.isEmpty() && (part.offset > bodySize || part.size > bodySize - part.offset))
            return broken("a part lies outside of the body");
        extra.parts.append(
            {part.name, part.fileName, part.contentType, part.offset, part.size, part.path, part.isFile});
    }
    if (!layout->path.isEmpty())
        request.bodyLength = layout->size;
    return {};
}

/// Fills in what does not depend on the body.
void applyHead(RequestPrivate &request, const ipc::RequestMessage &message)
{
    request.method = message.method.in(message.head);
    request.target = message.target.in(message.head);
    request.headers.resize(message.headers.size());
    for (qsizetype i = 0; i < message.headers.size(); ++i) {
        request.headers[i].name = message.headers[i].name.in(message.head);
        request.headers[i].value = message.headers[i].value.in(message.head);
    }
    request.remoteAddress = message.remoteAddress;
    request.clientCertificate = message.clientCertificate;
    request.remotePort = message.remotePort;
    request.peerAddress = message.peerAddress;
    request.host = message.host;
    request.isSecure = (message.flags & ipc::SecureRequest) != 0;
    request.isProxied = (message.flags & ipc::ProxiedRequest) != 0;
    request.isWebSocket = (message.flags & ipc::WebSocketRequest) != 0;
    request.minorVersion = message.minorVersion;
    request.port = message.port;
    request.journey.received = base::fromNanoseconds(message.receivedNs);
}

} // namespace

Result<ReadRequest> readRequest(const ipc::Frame &frame)
{
    ReadRequest read;
    read.request = new RequestPrivate;
    RequestPrivate &request = *read.request;
    request.frame = frame.payload.toByteArray();
    ipc::RequestMessage message;
    if (const Result<void> decoded = ipc::decodeRequest(request.frame, message); !decoded)
        return decoded.error();
    read.ticket = message.ticket;
    request.id = frame.id;
    applyHead(request, message);
    request.journey.dispatched = base::fromNanoseconds(message.ticket.dispatchedNs);

    request.bodyLength =
        message.bodyLength == ipc::UnknownLength ? std::nullopt : std::optional<quint64>(message.bodyLength);
    if (!message.bodyLayout.isEmpty()) {
        if (const Result<void> applied = applyLayout(request, message); !applied)
            return applied.error();
    }
    read.isBodyStreamed = (message.flags & ipc::StreamedRequest) != 0;
    if (read.isBodyStreamed) {
        read.firstPart = message.bodyPart;
        return read;
    }
    request.body = message.bodyPart;
    read.bodyMissing = message.bodyLength - quint64(message.bodyPart.size());
    if (read.bodyMissing > 0) {
        // At once: growing it would copy it again and again, and stop the loop for longer each time.
        request.bodyBytes.reserve(qsizetype(message.bodyLength));
        request.bodyBytes.append(message.bodyPart);
    }
    return read;
}

Result<QExplicitlySharedDataPointer<RequestPrivate>> readHandshake(quint64 id, QByteArrayView encoded)
{
    QExplicitlySharedDataPointer<RequestPrivate> request(new RequestPrivate);
    request->frame = encoded.toByteArray();
    ipc::RequestMessage message;
    if (const Result<void> decoded = ipc::decodeRequestParts(request->frame, message); !decoded)
        return decoded.error();
    request->id = id;
    applyHead(*request, message);
    request->isWebSocket = true;
    request->journey.dispatched = request->journey.received;
    return request;
}

} // namespace Quern::worker
