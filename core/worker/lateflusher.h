#pragma once

#include "ipc/channel.h"

#include <atomic>
#include <thread>
#include <vector>

namespace Quern::worker {

/// Answers are gathered and leave together when the loop is about to block; this thread sees to it that they leave nevertheless
/// when a handler runs for longer than a millisecond. It sleeps unless a handler runs while output waits.
class LateFlusher
{
public:
    LateFlusher() = default;
    ~LateFlusher();
    Q_DISABLE_COPY_MOVE(LateFlusher)

    /// Before the first handler runs. The channels outlive this object.
    void start(std::vector<ipc::Channel *> channels);

    /// The handler that runs now began at \a nowNs; 0: none runs. From the handlers' thread.
    void setRunning(quint64 nowNs) { m_runningSince.store(nowNs, std::memory_order_release); }
    /// Output waits while a handler runs. From the handlers' thread; costs a system call only if this thread sleeps.
    void outputWaits()
    {
        // The fence pairs with the one in watch(): either this sees the thread asleep, or that sees the output.
        std::atomic_thread_fence(std::memory_order_seq_cst);
        if (!m_awake.load(std::memory_order_relaxed)) {
            m_awake.store(true, std::memory_order_release);
            m_awake.notify_one();
        }
    }

private:
    void watch();
    bool anyOutput() const;

    std::vector<ipc::Channel *> m_channels;
    std::thread m_thread;
    std::atomic<quint64> m_runningSince = 0;
    std::atomic<bool> m_awake = false;
    std::atomic<bool> m_quit = false;
};

} // namespace Quern::worker
