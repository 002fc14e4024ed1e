#pragma once

#include "protocol/http/requestdecoder.h"

#include <optional>

namespace Quern::protocol::http {

/// What stands in front of the data of one part of a multipart/form-data body.
struct PartHead
{
    QByteArray name;                    ///< of the form's field, may be empty; no control characters but HTAB
    std::optional<QByteArray> fileName; ///< as sent, perhaps a path; no control characters but HTAB
    QByteArray contentType;             ///< as sent; empty if there is none, which means text/plain (RFC 7578 §4.4)
};

/// Fills in \a head from \a block, the lines of a part's head with their CRLF and without the empty line. Returns why
/// the part is refused: 400 for what is malformed, has no name or could be read in two ways, 415 for a transfer
/// encoding.
///
/// Quoted values are taken as browsers send them: \" and \\ are escapes, other backslashes stand for themselves, and
/// %22 is a quote. filename* (RFC 8187) counts only where there is no filename (RFC 7578 §4.2).
std::optional<Refusal> parsePartHead(QByteArrayView block, PartHead &head);

} // namespace Quern::protocol::http
