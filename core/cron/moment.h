#pragma once

#include "base/clock.h"

#include <chrono>

namespace Quern::cron {

/// What the clock on the wall shows, in UTC. It can be set, forwards and backwards.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// One moment by both clocks. A plain value.
struct Moment
{
    base::MonotonicTime monotonic;
    WallTime wall;

    static Moment now()
    {
        return {std::chrono::steady_clock::now(),
                std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
    }
};

} // namespace Quern::cron
