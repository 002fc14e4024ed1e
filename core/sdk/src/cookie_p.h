#pragma once

#include <Quern/cookie.h>

#include <QByteArray>

namespace Quern {

/// Value of the Set-Cookie field for \a cookie. Throws std::invalid_argument, which names the mend, if clients would
/// refuse it.
QByteArray setCookieValue(const Cookie &cookie);

/// Whether the Set-Cookie value \a field is about the same cookie as \a cookie: name, domain and path (RFC 6265 §5.3).
bool isSameCookie(QByteArrayView field, const Cookie &cookie);

} // namespace Quern
