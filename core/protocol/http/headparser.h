#pragma once

#include "protocol/http/requesthead.h"

namespace Quern::protocol::http {

/// Finds the parts of head.bytes, one whole head that HeadScan has accepted, and fills in method, target and headers of
/// \a head, whose headers are empty before. Returns false if llhttp has no name for the method; it is the one thing
/// that the scan leaves llhttp to refuse.
bool parseHead(RequestHead &head);

} // namespace Quern::protocol::http
