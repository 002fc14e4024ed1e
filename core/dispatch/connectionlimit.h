#pragma once

#include <atomic>

namespace Quern::dispatch {

/// Holds the connections of all reactors of a server to one limit. Any thread.
class ConnectionLimit
{
public:
    explicit ConnectionLimit(int limit) : m_limit(limit) {}

    /// Takes a place for one connection; false if none is free.
    bool take()
    {
        if (m_count.fetch_add(1, std::memory_order_relaxed) < limit())
            return true;
        give();
        return false;
    }
    void give() { m_count.fetch_sub(1, std::memory_order_relaxed); }

    /// Connections beyond a smaller limit stay.
    void setLimit(int limit) { m_limit.store(limit, std::memory_order_relaxed); }
    int limit() const { return m_limit.load(std::memory_order_relaxed); }

private:
    std::atomic<int> m_limit;
    std::atomic<int> m_count = 0;
};

} // namespace Quern::dispatch
