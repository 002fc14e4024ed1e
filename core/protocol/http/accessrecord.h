#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <chrono>

namespace Quern::protocol::http {

/// One request that was answered, as access logs tell of it. The views point at whatever the client sent; an empty one
/// means that it was not sent or not read.
struct AccessRecord
{
    QByteArrayView clientAddress;               ///< behind trusted proxies; empty for a Unix socket
    QByteArrayView peerAddress;                 ///< of the connection; empty for a Unix socket
    std::chrono::system_clock::time_point time; ///< when the request began
    QByteArrayView method;                      ///< empty if the request was refused before it could be read
    QByteArrayView target;
    quint8 minorVersion = 1; ///< HTTP/1.x
    int status = 0;
    quint64 bodyBytes = 0; ///< sent
    QByteArrayView referer;
    QByteArrayView userAgent;
    QByteArrayView host;
    std::chrono::microseconds duration{}; ///< from the last byte of the request to the last of the answer
    QByteArrayView requestId;
    int workerId = -1; ///< -1: the master answered itself
    bool isReusedConnection = false;
};

/// Each appends one line with its '\n'. Whatever a client sends, it neither breaks the line nor looks like another
/// field. Any thread; all thread-local.

/// Common Log Format: 203.0.113.9 - - [10/Oct/2000:13:55:36 +0200] "GET / HTTP/1.1" 200 2326
/// Escapes are nginx's: \xHH. The time is local. An address that is not known is "unix:", a request line "-".
void appendCommon(QByteArray &out, const AccessRecord &record);

/// Combined Log Format: the common one and "referer" "user agent".
void appendCombined(QByteArray &out, const AccessRecord &record);

/// An object with all members of AccessRecord: time in UTC (ISO 8601 with milliseconds), durationUs, worker (null for
/// the master itself). Invalid UTF-8 becomes U+FFFD.
void appendJson(QByteArray &out, const AccessRecord &record);

} // namespace Quern::protocol::http
