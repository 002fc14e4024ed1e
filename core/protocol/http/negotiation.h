#pragma once

#include <QByteArrayView>
#include <QFlags>

namespace Quern::protocol::http {

/// How an answer's body may be coded (RFC 9110 §8.4.1).
enum class ContentCoding : quint8 { Identity = 0, Gzip = 1, Brotli = 2 };
Q_DECLARE_FLAGS(ContentCodings, ContentCoding)
Q_DECLARE_OPERATORS_FOR_FLAGS(ContentCodings)

/// Of \a offered and Identity the one that the client likes best (RFC 9110 §12.5.3); among equals Brotli, then Gzip,
/// then Identity. \a acceptEncoding: the values of all Accept-Encoding fields, joined with ", "; empty if there is
/// none, and then Identity is best. Identity also if nothing is acceptable. Members that are malformed do not count.
ContentCoding bestCoding(QByteArrayView acceptEncoding, ContentCodings offered);

/// How much a client that sent \a accept likes \a mediaType (RFC 9110 §12.5.1), in thousandths: 0 (not acceptable) to
/// 1000. The most precise range that matches counts, and of equals the one with the higher quality. An empty \a accept
/// takes anything. \a mediaType may have parameters; charset counts for nothing. Members that are malformed do not
/// count.
int qualityOf(QByteArrayView accept, QByteArrayView mediaType);

/// Whether the client would rather have JSON than HTML: application/json, or a type that it names with "+json" at the
/// end, has the higher quality. False for an empty \a accept and for "*/*".
bool prefersJson(QByteArrayView accept);

} // namespace Quern::protocol::http
