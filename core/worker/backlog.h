#pragma once

#include <QHash>
#include <QMutex>

#include <atomic>

namespace Quern::worker {

/// What was sent to each connection of one reactor while the channel there was held up: the reactor cannot have counted
/// it as waiting for the client yet. Any thread.
class Backlog
{
public:
    /// A channel is held up while more than this waits in it, in bytes.
    static constexpr qint64 Little = 128 * 1024;
    /// What may be in the kernel and with the reader of a channel, in bytes.
    static constexpr qint64 MostTaken = 1024 * 1024;

    /// \a bytes have been sent to the connection \a id; \a unsent now wait in the channel.
    void add(quint64 id, qint64 bytes, qint64 unsent)
    {
        if (unsent <= Little)
            return;
        const QMutexLocker lock(&m_mutex);
        m_bytes[id] += bytes;
        m_isKept.store(true, std::memory_order_relaxed);
    }
    /// Whether of() is worth to be asked.
    bool isKept() const { return m_isKept.load(std::memory_order_relaxed); }
    /// \a unsent wait in the channel.
    qint64 of(quint64 id, qint64 unsent)
    {
        const QMutexLocker lock(&m_mutex);
        if (unsent > Little)
            return qMin(m_bytes.value(id), unsent + MostTaken); // the rest is counted there by now
        m_bytes.clear();
        m_isKept.store(false, std::memory_order_relaxed);
        return 0;
    }

private:
    QMutex m_mutex;
    QHash<quint64, qint64> m_bytes;
    std::atomic<bool> m_isKept = false;
};

} // namespace Quern::worker
