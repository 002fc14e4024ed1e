#include "worker/lateflusher.h"

#include <sys/timerfd.h>

namespace Quern::worker {

namespace {

constexpr long latenessNs = 1'000'000;

} // namespace

LateFlusher::~LateFlusher()
{
    m_quit.store(true, std::memory_order_release);
    setTimer(1);
    if (m_thread.joinable())
        m_thread.join();
}

void LateFlusher::start(std::vector<ipc::Channel *> channels)
{
    m_channels = std::move(channels);
    m_timer = base::FileDescriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    if (m_timer.isValid())
        m_thread = std::thread([this] { watch(); });
}

void LateFlusher::arm()
{
    m_fired.store(false, std::memory_order_relaxed);
    setTimer(latenessNs);
}

void LateFlusher::setTimer(long nanoseconds) const
{
    itimerspec time = {};
    time.it_value.tv_nsec = nanoseconds;
    ::timerfd_settime(m_timer.get(), 0, &time, nullptr);
}

void LateFlusher::watch()
{
    while (!m_quit.load(std::memory_order_acquire)) {
        quint64 expirations = 0;
        if (::read(m_timer.get(), &expirations, sizeof expirations) != ssize_t(sizeof expirations))
            continue;
        // Sequentially consistent: either this sees the output, or its author sees that the timer has fired.
        m_fired.store(true, std::memory_order_seq_cst);
        bool left = false;
        for (ipc::Channel *channel : m_channels) {
            if (channel->hasOutput()) {
                channel->flushWhileBusy();
                left = left || channel->hasOutput();
            }
        }
        // The kernel's buffer was full, or the owner is flushing just now.
        if (left)
            setTimer(latenessNs);
    }
}

} // namespace Quern::worker
