#pragma once

#include <QByteArrayView>

namespace Quern::protocol::http {

/// How much a client that sent \a accept likes \a mediaType (RFC 9110 §12.5.1), in thousandths: 0 (not acceptable) to
/// 1000. The most precise range that matches counts, and of equals the one with the higher quality. An empty \a accept
/// takes anything. \a mediaType may have parameters; charset counts for nothing. Members that are malformed do not
/// count.
int qualityOf(QByteArrayView accept, QByteArrayView mediaType);

/// Whether the client would rather have JSON than HTML: application/json, or a type that it names with "+json" at the
/// end, has the higher quality. False for an empty \a accept and for "*/*".
bool prefersJson(QByteArrayView accept);

} // namespace Quern::protocol::http
