#pragma once

#include "dispatch/requestbody.h"
#include "dispatch/staticfiles.h"
#include "protocol/http/forwarded.h"
#include "protocol/http/requestdecoder.h"

#include <chrono>
#include <memory>

namespace Quern::dispatch {

/// How one reactor speaks HTTP with its clients. A plain value, the same in all reactors.
struct HttpSettings
{
    protocol::http::RequestLimits limits;
    BodySettings body;
    int pipelineDepth = 16;                            ///< requests that wait behind the one under way
    int keepAliveRequests = 0;                         ///< of one connection; 0: no limit
    std::chrono::milliseconds headTimeout{10000};      ///< from the first byte of a head, or the accept, to its end
    std::chrono::milliseconds bodyTimeout{30000};      ///< between two arrivals of body bytes
    std::chrono::milliseconds keepAliveTimeout{65000}; ///< between an answer and the next request
    std::chrono::milliseconds sendTimeout{60000};      ///< without the client taking any output
    bool debug = false;                                ///< error pages tell why
    QByteArray serverHeader;                           ///< value of the Server field; empty: none
    protocol::http::ProxyTrust proxies;
    protocol::http::ForwardedFamilies forwarded;
    QByteArray metricsPath;                           ///< what the server answers with its metrics; empty: nothing
    std::shared_ptr<const StaticFiles> staticFiles;   ///< null: none are served
    std::shared_ptr<const HandlerFiles> handlerFiles; ///< null: handlers see files as this process does
};

} // namespace Quern::dispatch
