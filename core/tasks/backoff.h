#pragma once

#include <QtGlobal>

#include <chrono>

namespace Quern::tasks {

/// How long a task that has failed rests before its next try. A plain value; any thread.
struct BackOff
{
    std::chrono::milliseconds first{1'000};
    std::chrono::milliseconds longest{300'000};
    float factor = 2;          ///< from one delay to the next: 1, always the same, or more
    quint8 jitterPercent = 10; ///< the delay is spread evenly this far up and down

    bool operator==(const BackOff &) const = default;
};

/// The delay before the next try of a task that has failed \a attempts times, from 1 on:
/// first · factor^(attempts − 1), at most longest; then spread by the jitter as \a random says, from 0 to below 1, so
/// that tasks that failed together do not come back together. Never longer than longest, and never negative.
std::chrono::milliseconds delayBeforeRetry(const BackOff &backOff, quint32 attempts, double random);

} // namespace Quern::tasks
