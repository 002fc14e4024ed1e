#pragma once

#include "base/span.h"
#include "protocol/http/bytes.h"

#include <QByteArrayView>
#include <QVarLengthArray>

#include <optional>

namespace Quern::protocol::http {

/// A parsed request head: spans over the raw bytes, nothing copied.
struct RequestHead
{
    QByteArrayView bytes; ///< from the method's first byte through the empty line; see RequestDecoder for the lifetime
    base::Span method;
    base::Span target; ///< as sent: origin-form, absolute-form, or "*"
    quint8 minorVersion = 1;
    bool keepAlive = true;                ///< the client wants the connection to stay (RFC 9112 §9.3)
    bool expectContinue = false;          ///< Expect: 100-continue with a body to come (RFC 9110 §10.1.1)
    bool isHead = false;                  ///< the answer carries no body
    bool chunked = false;                 ///< the body comes in chunks, its length is not known before its end
    std::optional<quint64> contentLength; ///< of the body, bytes; never together with chunked
    QVarLengthArray<base::HeaderSpan, 16> headers;

    QByteArrayView methodBytes() const { return method.in(bytes); }
    QByteArrayView targetBytes() const { return target.in(bytes); }
    /// Value of the first field \a lowerName; null if there is none.
    QByteArrayView field(std::string_view lowerName) const
    {
        for (const base::HeaderSpan &header : headers) {
            if (isIgnoringCase(header.name.in(bytes), lowerName))
                return header.value.in(bytes);
        }
        return {};
    }
};

} // namespace Quern::protocol::http
