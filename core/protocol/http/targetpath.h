#pragma once

#include <QByteArrayView>

namespace Quern::protocol::http {

/// What makes two servers read the path of a request target in two ways, as a constant phrase for the log; nullptr if
/// nothing does. \a path ends before the '?' and holds only TargetByte.
///
/// A flaw is a '%' without two hexadecimal digits, an encoded NUL, and a segment that is "." or ".." once it is
/// percent-decoded: clients remove dot segments before they ask (RFC 3986 §6.2.2.3), so whoever sends one is after a
/// server that removes it too late. An encoded slash does not separate segments (RFC 3986 §2.2).
const char *flawOfPath(QByteArrayView path);

} // namespace Quern::protocol::http
