#pragma once

#include "protocol/http/responseencoder.h"

namespace Quern::protocol::http {

/// What is told of an error that the server itself answers with. The views outlive the call.
struct ErrorPage
{
    int status = 500;
    QByteArrayView accept;    ///< the request's Accept, all its fields joined with ", "; decides between HTML and JSON
    QByteArrayView requestId; ///< by which the log knows the request; left out if empty
    QByteArrayView detail;    ///< for developers, so only where debugging is on; UTF-8, escaped here; left out if empty
};

struct ErrorBody
{
    QByteArrayView contentType; ///< constant
    QByteArray bytes;
};

/// An HTML page without scripts or outside resources, or, for who prefersJson(),
/// {"error":{"status":404,"message":"Not Found","requestId":"0-17","detail":"…"}}. Tells of the server neither name nor
/// version nor paths.
ErrorBody errorBody(const ErrorPage &page);

/// Appends a whole answer with errorBody(). \a extraHeaders is a header block such as "Retry-After: 1\r\n". For HEAD
/// (\a isHead) without the body but with its length.
void appendErrorResponse(QByteArray &out, const ErrorPage &page, QByteArrayView extraHeaders,
                         const ResponseFraming &framing, QByteArrayView date, QByteArrayView server, bool isHead);

} // namespace Quern::protocol::http
