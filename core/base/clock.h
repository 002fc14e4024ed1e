#pragma once

#include <QtGlobal>

#include <chrono>
#include <ctime>

namespace Quern::base {

using MonotonicTime = std::chrono::steady_clock::time_point;

/// CLOCK_MONOTONIC in nanoseconds: the same scale in every process of one machine, so that times may be compared
/// across the master's and a child's shared page.
inline quint64 toNanoseconds(MonotonicTime time)
{
    return quint64(std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

/// The present time, late by a tick of the kernel (some milliseconds) and three times as cheap: for what lasts seconds.
inline MonotonicTime coarseNow()
{
    timespec now = {};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return MonotonicTime(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

inline quint64 nowNanoseconds()
{
    return toNanoseconds(std::chrono::steady_clock::now());
}

/// The wall clock, in milliseconds since 1970. It may jump.
inline qint64 wallClockMs()
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

inline MonotonicTime fromNanoseconds(quint64 nanoseconds)
{
    return MonotonicTime(std::chrono::nanoseconds(qint64(nanoseconds)));
}

} // namespace Quern::base
