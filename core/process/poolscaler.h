#pragma once

#include "base/clock.h"

#include <chrono>
#include <optional>

namespace Quern::process {

/// Between what a pool may vary.
struct PoolBounds
{
    int least = 1;
    int most = 0; ///< less than least: it stays as it is
    std::chrono::milliseconds idleTime{60'000};

    bool operator==(const PoolBounds &) const = default;
};

/// A pool at one moment.
struct PoolLook
{
    int size = 0;
    int idle = 0;        ///< how many of them have nothing to do
    quint64 waiting = 0; ///< requests, or tasks, that wait for one of them
};

/// Decides how large a pool is to be: it grows while work waits and nobody is idle, and shrinks when some have not been
/// needed for long. One object for each pool; any one thread.
class PoolScaler
{
public:
    /// Work has to wait for so long, without a pause, before the pool grows; and again before it grows on.
    static constexpr std::chrono::milliseconds PressureTime{300};
    /// It does not grow for so long after it could not, and twice as long each time.
    static constexpr std::chrono::seconds FirstRest{5};
    static constexpr std::chrono::seconds LongestRest{300};

    /// How many there are to be. To be asked several times in a PressureTime.
    int wanted(base::MonotonicTime now, const PoolLook &look, const PoolBounds &bounds);
    /// What was wanted is there.
    void changed() { m_failures = 0; }
    /// The pool could not be made larger.
    void failed(base::MonotonicTime now);

private:
    bool isPressed(base::MonotonicTime now, const PoolLook &look);
    int spare(base::MonotonicTime now, const PoolLook &look, const PoolBounds &bounds);

    std::optional<base::MonotonicTime> m_pressedSince;
    std::optional<base::MonotonicTime> m_spareSince; ///< since when some have been idle at each look
    int m_leastIdle = 0;                             ///< at any of these looks
    base::MonotonicTime m_growsFrom = base::MonotonicTime::min();
    int m_failures = 0;
};

} // namespace Quern::process
