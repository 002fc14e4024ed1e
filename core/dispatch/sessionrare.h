#pragma once

#include "dispatch/requestbody.h"
#include "dispatch/session.h"

#include <deque>

namespace Quern::dispatch {

/// What a session has only while it needs it, since thousands of them are idle at a time.
struct Session::Rare
{
    std::deque<ExchangePtr> waiting;   ///< pipelined, behind the one under way
    qsizetype waitingBytes = 0;        ///< of their requests
    std::unique_ptr<RequestBody> body; ///< of the request that is arriving
};

} // namespace Quern::dispatch
