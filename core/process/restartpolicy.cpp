#include "process/restartpolicy.h"

#include <algorithm>
#include <utility>

namespace Quern::process {

void RestartPolicy::becameReady(base::MonotonicTime now)
{
    m_ready = true;
    m_readySince = now;
}

std::chrono::milliseconds RestartPolicy::died(base::MonotonicTime now, bool isFault)
{
    const bool wasReady = std::exchange(m_ready, false);
    const bool wasHealthy = wasReady && now - m_readySince >= HealthyAfter;
    ++m_deaths;
    if (wasReady && !isFault)
        return std::chrono::milliseconds(0);
    m_earlyDeaths = wasHealthy ? 0 : std::min(m_earlyDeaths + 1, MaxEarlyDeaths);
    if (m_earlyDeaths <= 1)
        return std::chrono::milliseconds(0);
    if (isBreakerOpen(now))
        return BreakerRest;
    return std::min(FirstDelay * (1 << (m_earlyDeaths - 2)), MaxDelay);
}

} // namespace Quern::process
