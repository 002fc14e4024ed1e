#include "dispatch/requestorder.h"

#include <QHashFunctions>

namespace Quern::dispatch {

namespace http = protocol::http;

namespace {

bool isSafeMethod(QByteArrayView method)
{
    return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

/// What fits into one frame beside the rest of it, in bytes.
constexpr qsizetype maxPayload = ipc::MaxFramePayload - ipc::ClaimTicketSize - ipc::MaxBodyPart;

/// The host with the port that the client connected to, unless it has one, or needs none.
QByteArray withPort(const http::ClientFacts &client, const http::RequestHead &head)
{
    const QByteArray host = client.host.isEmpty() ? head.field("host").toByteArray() : client.host;
    const bool hasPort = host.indexOf(':', qMax(host.lastIndexOf(']'), qsizetype(0))) >= 0;
    const quint16 usual = client.secure.value_or(false) ? 443 : 80;
    if (host.isEmpty() || hasPort || client.hostPort == usual)
        return host;
    return host + ':' + QByteArray::number(client.hostPort);
}

} // namespace

std::unique_ptr<Exchange> newExchange(const http::RequestHead &head)
{
    auto exchange = std::make_unique<Exchange>();
    exchange->received = std::chrono::steady_clock::now();
    exchange->minorVersion = head.minorVersion;
    exchange->method = metrics::httpMethod(head.methodBytes());
    exchange->isHead = head.isHead;
    exchange->keepAlive = head.keepAlive;
    return exchange;
}

Result<void> makeOrder(Exchange &exchange, const http::RequestHead &head, const QByteArray &body, QByteArrayView layout,
                       const Origin &origin, const HttpSettings &settings)
{
    ipc::RequestParts parts;
    http::ClientFacts client;
    parts.remoteAddress = QByteArrayView(origin.peer.address);
    parts.remotePort = origin.peer.port;
    if (origin.isPeerTrusted) {
        Result<http::ClientFacts> facts = http::clientFacts(head, settings.proxies, settings.forwarded);
        if (!facts)
            return facts.error();
        client = std::move(*facts);
        if (!client.address.isEmpty()) {
            parts.flags |= ipc::ProxiedRequest;
            parts.peerAddress = parts.remoteAddress;
            parts.remoteAddress = client.address;
            parts.remotePort = client.port;
        }
        if (client.hostPort != 0)
            client.host = withPort(client, head);
        parts.host = client.host;
    }
    if (client.secure.value_or(origin.isSecure))
        parts.flags |= ipc::SecureRequest;
    if (exchange.upgrade)
        parts.flags |= ipc::WebSocketRequest;
    parts.port = quint8(origin.port);
    parts.receivedNs = base::toNanoseconds(exchange.received);
    parts.bodyLength = quint64(body.size());
    if (exchange.isBodyStreamed) {
        parts.flags |= ipc::StreamedRequest;
        parts.bodyLength = head.contentLength.value_or(ipc::UnknownLength);
    }
    parts.bodyLayout = layout;
    parts.clientCertificate = origin.clientCertificate;
    parts.minorVersion = head.minorVersion;
    parts.head = head.bytes;
    parts.method = head.method;
    parts.target = head.target;
    parts.headers = std::span(head.headers.constData(), std::size_t(head.headers.size()));
    exchange.payload = ipc::encodeRequest(parts);
    if (exchange.payload.size() > maxPayload) {
        exchange.payload.clear();
        return Error(Error::TooLarge, QStringLiteral("the head of the request and the names of its parts are too long "
                                                     "to be handed to a worker"));
    }
    RequestOrder &order = exchange.order;
    order.payload = exchange.payload;
    order.body = body;
    order.connectionId = origin.connectionId;
    order.addressHash = qHash(parts.remoteAddress);
    order.isSafe = isSafeMethod(head.methodBytes());
    order.isStreamed = exchange.isBodyStreamed;
    return {};
}

} // namespace Quern::dispatch
