#pragma once

#include "base/clock.h"

#include <chrono>

namespace Quern::process {

/// Decides when a child that died is started again. One object for each place in a pool; any one thread.
///
/// The first restart is immediate. Only children that die before they were healthy for HealthyAfter count as early, and
/// of those that were ready only the ones that died by their own fault:
/// from the second early death in a row on the delay doubles, and after MaxEarlyDeaths the breaker opens: the place
/// rests for BreakerRest before the next try.
class RestartPolicy
{
public:
    static constexpr std::chrono::milliseconds HealthyAfter = std::chrono::seconds(1);
    static constexpr std::chrono::milliseconds FirstDelay = std::chrono::milliseconds(100);
    static constexpr std::chrono::milliseconds MaxDelay = std::chrono::seconds(5);
    static constexpr std::chrono::milliseconds BreakerRest = std::chrono::seconds(30);
    static constexpr int MaxEarlyDeaths = 10;

    /// The child is ready to work.
    void becameReady(base::MonotonicTime now);
    /// The child is dead. Returns how long to wait before the next start.
    /// \a isFault: nobody else has ended it, and no handler of a request either.
    std::chrono::milliseconds died(base::MonotonicTime now, bool isFault);

    /// Children of this place crash as soon as they start.
    bool isBreakerOpen(base::MonotonicTime now = std::chrono::steady_clock::now()) const
    {
        const bool isHealthy = m_ready && now - m_readySince >= HealthyAfter;
        return m_earlyDeaths >= MaxEarlyDeaths && !isHealthy;
    }
    int restarts() const { return m_deaths; }

private:
    base::MonotonicTime m_readySince;
    bool m_ready = false;
    int m_earlyDeaths = 0; ///< in a row
    int m_deaths = 0;      ///< in all
};

} // namespace Quern::process
