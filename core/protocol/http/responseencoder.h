#pragma once

#include <QByteArray>
#include <QByteArrayView>

namespace Quern::protocol::http {

/// What an encoded answer must know of its request and its connection.
struct ResponseFraming
{
    quint8 requestMinorVersion = 1;
    bool keepAlive = true; ///< false: "Connection: close" is sent; true on HTTP/1.0: "Connection: keep-alive"
};

/// Whether an answer with \a status may have a body (RFC 9110 §6.4.1). The answer to HEAD has none in any case.
bool mayHaveBody(int status);

/// The standard reason phrase of \a status (RFC 9110 §15); empty if unknown.
QByteArrayView reasonPhrase(int status);

/// Appends a response head to \a out: status line, Date, Server (unless \a server is empty), Content-Length, Connection
/// where it is needed, then \a headerBlock ("Name: value\r\n" …, already valid), then the empty line. Without
/// \a contentLength the body is chunked; for HTTP/1.0 it ends with the connection, which framing has to close. Neither
/// is written for 1xx, 204 and 304 (RFC 9110 §8.6, RFC 9112 §6.1). \a date is an IMF-fixdate (RFC 9110 §5.6.7).
void appendHead(QByteArray &out, int status, QByteArrayView headerBlock, std::optional<quint64> contentLength,
                const ResponseFraming &framing, QByteArrayView date, QByteArrayView server);

/// The current time as an IMF-fixdate, made anew at most once a second per thread.
QByteArrayView currentDate();

} // namespace Quern::protocol::http
