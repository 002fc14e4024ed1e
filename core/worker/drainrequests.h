#pragma once

#include "base/clock.h"

#include <QHash>
#include <QMutex>

#include <atomic>

namespace Quern::worker {

/// For which connections this child has asked to be told when there is room again, so that a sender who tries often
/// does not ask as often. Any thread.
class DrainRequests
{
public:
    /// The answer may have gone to another worker, that the connection belonged to: so after this it is asked for anew.
    static constexpr std::chrono::milliseconds Validity{100};
    static constexpr qsizetype MaxKept = 4096;

    /// Whether it has to be asked for \a id now.
    bool isDue(quint64 id)
    {
        const QMutexLocker lock(&m_mutex);
        const base::MonotonicTime now = base::coarseNow();
        if (const auto asked = m_asked.constFind(id); asked != m_asked.constEnd() && now < *asked + Validity)
            return false;
        if (m_asked.size() >= MaxKept)
            m_asked.clear();
        m_asked.insert(id, now);
        m_isEmpty.store(false, std::memory_order_relaxed);
        return true;
    }
    /// There was room for \a id.
    void forget(quint64 id)
    {
        if (m_isEmpty.load(std::memory_order_relaxed))
            return;
        const QMutexLocker lock(&m_mutex);
        m_asked.remove(id);
        m_isEmpty.store(m_asked.isEmpty(), std::memory_order_relaxed);
    }

private:
    QMutex m_mutex;
    QHash<quint64, base::MonotonicTime> m_asked;
    std::atomic<bool> m_isEmpty = true;
};

} // namespace Quern::worker
