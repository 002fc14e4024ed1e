#pragma once

#include <algorithm>
#include <chrono>

namespace Quern::console {

/// How long to wait before the next try: twice as long with each, up to a bound.
class BackOff
{
public:
    explicit BackOff(std::chrono::milliseconds most, std::chrono::milliseconds first = std::chrono::milliseconds(250))
        : m_first(first)
        , m_most(most)
        , m_next(first)
    {
    }

    std::chrono::milliseconds next()
    {
        const std::chrono::milliseconds delay = m_next;
        m_next = std::min(m_next * 2, m_most);
        return delay;
    }
    void reset() { m_next = m_first; }

private:
    std::chrono::milliseconds m_first;
    std::chrono::milliseconds m_most;
    std::chrono::milliseconds m_next;
};

} // namespace Quern::console
