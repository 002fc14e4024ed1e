#pragma once

#include "base/clock.h"

#include <chrono>

namespace Quern::process {

/// What a RestartPolicy goes by.
struct RestartSettings
{
    std::chrono::milliseconds healthyAfter = std::chrono::seconds(1);
    std::chrono::milliseconds interval{0}; ///< between a death and the next start, at least
    std::chrono::milliseconds firstDelay = std::chrono::milliseconds(100); ///< or twice the interval
    std::chrono::milliseconds maxDelay = std::chrono::seconds(5);
    std::chrono::milliseconds leastDelay{0}; ///< after a life of less than RestartPolicy::shortLife, whoever ended it
    std::chrono::milliseconds breakerRest = std::chrono::seconds(30);
    int maxEarlyDeaths = 10;
    bool givesUp = false; ///< when the breaker opens there is no next try
    bool operator==(const RestartSettings &) const = default;
};

/// Decides when a child that died is started again. One object for each place in a pool; any one thread.
///
/// The first restart is immediate, or after the interval. Only children that die before they were healthy count as
/// early, and of those that were ready only the ones that died by their own fault: the delay after the second early
/// death in a row is firstDelay, and doubles from one to the next; after maxEarlyDeaths the breaker opens: the place
/// rests for breakerRest before the next try, or for ever.
class RestartPolicy
{
public:
    static constexpr std::chrono::seconds shortLife{1};

    explicit RestartPolicy(const RestartSettings &settings = {}) : m_settings(settings) {}

    /// The child is ready to work.
    void becameReady(base::MonotonicTime now);
    /// The child is dead. Returns how long to wait before the next start.
    /// \a isFault: nobody else has ended it, and no handler of a request either.
    std::chrono::milliseconds died(base::MonotonicTime now, bool isFault);

    /// Children of this place crash as soon as they start.
    bool isBreakerOpen(base::MonotonicTime now = std::chrono::steady_clock::now()) const
    {
        const bool isHealthy = m_ready && now - m_readySince >= m_settings.healthyAfter;
        return m_earlyDeaths >= m_settings.maxEarlyDeaths && !isHealthy;
    }
    /// There is no next start.
    bool hasGivenUp() const { return m_settings.givesUp && m_earlyDeaths >= m_settings.maxEarlyDeaths; }
    int restarts() const { return m_deaths; }
    /// The child has been ready for so long.
    bool hasLastedFor(std::chrono::milliseconds span, base::MonotonicTime now) const
    {
        return m_ready && now - m_readySince >= span;
    }

private:
    std::chrono::milliseconds delayAfter(base::MonotonicTime now, bool wasReady, bool isFault);

    RestartSettings m_settings;
    base::MonotonicTime m_readySince;
    bool m_ready = false;
    int m_earlyDeaths = 0; ///< in a row
    int m_deaths = 0;      ///< in all
};

} // namespace Quern::process
