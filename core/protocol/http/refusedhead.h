#pragma once

#include "protocol/http/requesthead.h"

namespace Quern::protocol::http {

/// Fills in method, target and header fields from what can be read of head.bytes, the beginning of a request that is
/// refused: for the access log and the error page alone, since two servers may read it in two ways. Leaves the method
/// empty if the bytes do not even begin like a request.
void readRefusedHead(RequestHead &head);

} // namespace Quern::protocol::http
