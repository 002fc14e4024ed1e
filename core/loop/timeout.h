#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>
#include <limits>
#include <optional>

namespace Quern::loop {

/// How long a wait may last; nullopt: until something happens.
using Timeout = std::optional<std::chrono::nanoseconds>;

inline timespec toTimespec(std::chrono::nanoseconds duration)
{
    const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
    timespec result = {};
    result.tv_sec = seconds.count();
    result.tv_nsec = (duration - seconds).count();
    return result;
}

/// Rounded up, for a wait that ends early would only spin until the time has come. -1 stands for nullopt.
inline int toMilliseconds(Timeout timeout)
{
    if (!timeout)
        return -1;
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(*timeout).count();
    return int(std::min<decltype(milliseconds)>(milliseconds, std::numeric_limits<int>::max()));
}

} // namespace Quern::loop
