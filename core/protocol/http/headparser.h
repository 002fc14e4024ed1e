#pragma once

#include "protocol/http/requesthead.h"

namespace Quern::protocol::http {

/// What llhttp says of a head.
enum class HeadParse : quint8 {
    Done,
    UnknownMethod, ///< it has no name for the method
    Malformed,     ///< it is stricter than the scan: a tab beside the value of Content-Length, for instance
};

/// Finds the parts of head.bytes, one whole head that HeadScan has accepted, and fills in method, target and headers of
/// \a head, whose headers are empty before.
HeadParse parseHead(RequestHead &head);

} // namespace Quern::protocol::http
