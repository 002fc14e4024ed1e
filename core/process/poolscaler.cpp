#include "process/poolscaler.h"

#include <algorithm>

namespace Quern::process {

namespace {

constexpr int mostDoublings = 8;

} // namespace

int PoolScaler::wanted(base::MonotonicTime now, const PoolLook &look, const PoolBounds &bounds)
{
    if (bounds.most < bounds.least)
        return look.size;
    const int leaving = spare(now, look, bounds);
    if (isPressed(now, look) && now >= m_growsFrom && look.size < bounds.most) {
        m_pressedSince = now;
        return std::min(bounds.most, look.size + std::max(1, look.size / 4));
    }
    return look.size - leaving;
}

bool PoolScaler::isPressed(base::MonotonicTime now, const PoolLook &look)
{
    if (look.waiting == 0) {
        m_pressedSince.reset();
        return false;
    }
    // One that is idle is about to take what waits, or what waits is for another.
    if (look.idle > 0)
        return false;
    if (!m_pressedSince)
        m_pressedSince = now;
    return now - *m_pressedSince >= PressureTime;
}

int PoolScaler::spare(base::MonotonicTime now, const PoolLook &look, const PoolBounds &bounds)
{
    if (look.size <= bounds.least || look.idle == 0 || look.waiting > 0) {
        m_spareSince.reset();
        return 0;
    }
    m_leastIdle = m_spareSince ? std::min(m_leastIdle, look.idle) : look.idle;
    if (!m_spareSince)
        m_spareSince = now;
    if (now - *m_spareSince < bounds.idleTime)
        return 0;
    m_spareSince.reset();
    // Half of them: the others may be needed after all.
    return std::min(look.size - bounds.least, std::max(1, m_leastIdle / 2));
}

void PoolScaler::failed(base::MonotonicTime now)
{
    const std::chrono::seconds rest = std::min(FirstRest * (1 << std::min(m_failures, mostDoublings)), LongestRest);
    ++m_failures;
    m_growsFrom = now + rest;
}

} // namespace Quern::process
