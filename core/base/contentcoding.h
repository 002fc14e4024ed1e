#pragma once

#include <QByteArrayView>

namespace Quern::base {

/// A content coding that this server can apply (RFC 9110 §8.4.1).
enum class ContentCoding {
    Identity, ///< none
    Gzip,
    Brotli,
};

/// The name that Content-Encoding carries: "gzip", "br"; empty for Identity.
QByteArrayView nameOf(ContentCoding coding);

/// What a client likes best, by the weights in \a acceptEncoding, the value of its Accept-Encoding field (RFC 9110
/// §12.5.3): among equals Brotli before Gzip before Identity. \a brotli: whether that coding is built in. Without the
/// field, and when the client refuses everything, the answer is Identity: an answer as it is beats none. Malformed
/// members of the list are skipped. Any thread; allocates nothing.
ContentCoding bestCoding(QByteArrayView acceptEncoding, bool brotli);

/// Whether \a acceptEncoding lets \a coding be used at all: it is named, or "*" is, with a weight other than 0.
/// Identity needs no mention.
bool isAccepted(QByteArrayView acceptEncoding, ContentCoding coding);

} // namespace Quern::base
