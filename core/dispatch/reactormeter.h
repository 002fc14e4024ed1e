#pragma once

#include "metrics/requestmeter.h"

namespace Quern::dispatch {

/// What one reactor counts for the metrics beside its counters. Its thread writes, any thread reads.
struct ReactorMeter
{
    explicit ReactorMeter(const metrics::RequestMeterSettings &settings) : requests(settings) {}

    metrics::RequestMeter requests; ///< from the last byte of a request to the first of its answer
    metrics::TimeHistogram queueWait{
        metrics::waitBounds()};                            ///< of requests, each time until they were sent to a worker
    metrics::NumberHistogram window;                       ///< how many requests their workers might have then
    metrics::TimeHistogram loopLag{metrics::waitBounds()}; ///< how late the reactor's timer was
};

} // namespace Quern::dispatch
