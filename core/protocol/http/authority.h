#pragma once

#include <QByteArrayView>

namespace Quern::protocol::http {

/// Whether \a authority is host [":" port] (RFC 3986 §3.2.2, §3.2.3); an empty host is one. User information is refused
/// (RFC 9110 §4.2.4).
bool isHostAndPort(QByteArrayView authority);

} // namespace Quern::protocol::http
