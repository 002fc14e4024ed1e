#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <optional>

namespace Quern::protocol::http {

/// Bytes of an IMF-fixdate.
inline constexpr qsizetype HttpDateBytes = 29;

/// Writes \a seconds since 1970, of the years 0 to 9999, as an IMF-fixdate ("Sun, 06 Nov 1994 08:49:37 GMT", RFC 9110
/// §5.6.7) to the HttpDateBytes bytes at \a to, and returns the end of what was written.
char *putHttpDate(char *to, qint64 seconds);
QByteArray httpDate(qint64 seconds);

/// Seconds since 1970 of an HTTP-date in any of its three forms (RFC 9110 §5.6.7): IMF-fixdate, RFC 850, asctime.
/// nullopt if it is none, or names a time that does not exist. The name of the day is not compared with the date. The
/// two-digit year of RFC 850 is taken for the latest one that is at most fifty years after \a now (seconds since 1970).
std::optional<qint64> parseHttpDate(QByteArrayView text, qint64 now);

} // namespace Quern::protocol::http
