#pragma once

#include "base/filedescriptor.h"
#include "ipc/channel.h"

#include <atomic>
#include <thread>
#include <vector>

namespace Quern::worker {

/// Answers are gathered and leave together when the loop is about to block. This thread sees to it that they leave
/// nevertheless when the handlers keep the loop for longer than a millisecond. It sleeps on a timer that under load is
/// always put off before it fires, so that its price is one system call for each batch.
class LateFlusher
{
public:
    LateFlusher() = default;
    ~LateFlusher();
    Q_DISABLE_COPY_MOVE(LateFlusher)

    /// Before the first handler runs. The channels outlive this object. Without it, or if the system refuses a timer,
    /// output waits for the handlers.
    void start(std::vector<ipc::Channel *> channels);

    /// Output waits while a handler runs: it leaves in a millisecond, unless arm() is called again before. From the
    /// handlers' thread.
    void arm();
    /// Whether it has had to act since arm(); asked in the handlers' thread, to arm it anew.
    bool hasFired() const { return m_fired.load(std::memory_order_seq_cst); }

private:
    void watch();
    void setTimer(long nanoseconds) const;

    std::vector<ipc::Channel *> m_channels;
    base::FileDescriptor m_timer;
    std::thread m_thread;
    std::atomic<bool> m_fired = false;
    std::atomic<bool> m_quit = false;
};

} // namespace Quern::worker
