#include "dispatch/exchange.h"

#include "protocol/http/bytes.h"

namespace Quern::dispatch {

ipc::RequestMessage Exchange::request() const
{
    ipc::RequestMessage message;
    // It was encoded in this process: an error would leave the message empty.
    (void)ipc::decodeRequestParts(payload, message);
    return message;
}

protocol::http::RequestHead Exchange::head() const
{
    const ipc::RequestMessage message = request();
    protocol::http::RequestHead head;
    head.bytes = message.head;
    head.method = message.method;
    head.target = message.target;
    head.minorVersion = minorVersion;
    head.keepAlive = keepAlive;
    head.isHead = isHead;
    head.headers = message.headers;
    return head;
}

QByteArrayView firstFieldOf(const ipc::RequestMessage &request, std::string_view name)
{
    for (const base::HeaderSpan &header : request.headers) {
        if (protocol::http::isIgnoringCase(header.name.in(request.head), name))
            return header.value.in(request.head);
    }
    return {};
}

QByteArray fieldOf(const ipc::RequestMessage &request, std::string_view name)
{
    QByteArray joined;
    for (const base::HeaderSpan &header : request.headers) {
        if (!protocol::http::isIgnoringCase(header.name.in(request.head), name))
            continue;
        if (!joined.isEmpty())
            joined.append(", ");
        joined.append(header.value.in(request.head));
    }
    return joined;
}

} // namespace Quern::dispatch
