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

QByteArray Exchange::field(QByteArrayView name) const
{
    const ipc::RequestMessage message = request();
    const std::string_view wanted(name.data(), size_t(name.size()));
    QByteArray joined;
    for (const base::HeaderSpan &header : message.headers) {
        if (!protocol::http::isIgnoringCase(header.name.in(message.head), wanted))
            continue;
        if (!joined.isEmpty())
            joined.append(", ");
        joined.append(header.value.in(message.head));
    }
    return joined;
}

} // namespace Quern::dispatch
