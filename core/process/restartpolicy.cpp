#include "process/restartpolicy.h"

#include <algorithm>
#include <utility>

namespace Quern::process {

namespace {

constexpr int maxDoublings = 16;

} // namespace

void RestartPolicy::becameReady(base::MonotonicTime now)
{
    m_ready = true;
    m_readySince = now;
}

std::chrono::milliseconds RestartPolicy::died(base::MonotonicTime now, bool isFault)
{
    const bool wasReady = std::exchange(m_ready, false);
    const std::chrono::milliseconds delay = delayAfter(now, wasReady, isFault);
    const bool wasShort = !wasReady || now - m_readySince < shortLife;
    return wasShort ? std::max(delay, m_settings.leastDelay) : delay;
}

std::chrono::milliseconds RestartPolicy::delayAfter(base::MonotonicTime now, bool wasReady, bool isFault)
{
    const bool wasHealthy = wasReady && now - m_readySince >= m_settings.healthyAfter;
    ++m_deaths;
    if (wasHealthy)
        m_earlyDeaths = 0;
    else if (!wasReady || isFault)
        m_earlyDeaths = std::min(m_earlyDeaths + 1, m_settings.maxEarlyDeaths);
    if (wasReady && !isFault)
        return m_settings.interval;
    if (m_earlyDeaths <= 1)
        return m_settings.interval;
    if (isBreakerOpen(now))
        return m_settings.breakerRest;
    const std::chrono::milliseconds first = std::max(m_settings.firstDelay, 2 * m_settings.interval);
    return std::min(first * (1 << std::min(m_earlyDeaths - 2, maxDoublings)),
                    std::max(m_settings.maxDelay, m_settings.interval));
}

} // namespace Quern::process
