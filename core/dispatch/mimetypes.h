#pragma once

#include <QByteArray>
#include <QByteArrayView>

namespace Quern::dispatch {

/// The media type of a file, by its name alone: a server that looked at the content could be made to call an upload
/// what it is not.
struct MediaType
{
    QByteArray contentType;   ///< value of Content-Type
    bool compressible = true; ///< text or the like, so that a compressed sibling makes sense
};

/// The media type of a file named \a fileName (no path; UTF-8); application/octet-stream if unknown. Text of all kinds
/// is called UTF-8: what is sent without a charset, browsers guess. JSON and XML get none, since the former is UTF-8
/// always (RFC 8259 §8.1) and the latter says so itself, which a charset here would overrule (RFC 7303 §3.2).
/// From Qt's database, which is that of the system, and a short list of what the web expects otherwise. A few names are
/// remembered for each thread; the first call in a process takes some milliseconds.
MediaType mediaTypeOf(QByteArrayView fileName);

} // namespace Quern::dispatch
