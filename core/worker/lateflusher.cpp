#include "worker/lateflusher.h"

#include "base/clock.h"

#include <algorithm>
#include <chrono>

namespace Quern::worker {

namespace {

constexpr std::chrono::milliseconds tick(1);
constexpr quint64 lateAfterNs = 1'000'000;
/// Under load the thread keeps ticking, which is cheaper than to be woken for each batch.
constexpr int idleTicksBeforeSleep = 50;

} // namespace

LateFlusher::~LateFlusher()
{
    m_quit.store(true, std::memory_order_release);
    m_awake.store(true, std::memory_order_release);
    m_awake.notify_one();
    if (m_thread.joinable())
        m_thread.join();
}

void LateFlusher::start(std::vector<ipc::Channel *> channels)
{
    m_channels = std::move(channels);
    m_thread = std::thread([this] { watch(); });
}

bool LateFlusher::anyOutput() const
{
    return std::any_of(m_channels.begin(), m_channels.end(),
                       [](const ipc::Channel *channel) { return channel->hasOutput(); });
}

void LateFlusher::watch()
{
    int idleTicks = 0;
    while (!m_quit.load(std::memory_order_acquire)) {
        if (idleTicks >= idleTicksBeforeSleep) {
            m_awake.store(false, std::memory_order_relaxed);
            std::atomic_thread_fence(std::memory_order_seq_cst);
            if (anyOutput())
                m_awake.store(true, std::memory_order_relaxed);
            m_awake.wait(false, std::memory_order_acquire);
            idleTicks = 0;
            continue;
        }
        std::this_thread::sleep_for(tick);
        ++idleTicks;
        const quint64 since = m_runningSince.load(std::memory_order_acquire);
        if (since == 0)
            continue;
        const bool late = base::nowNanoseconds() >= since + lateAfterNs;
        for (ipc::Channel *channel : m_channels) {
            if (!channel->hasOutput())
                continue;
            idleTicks = 0;
            if (late)
                channel->flushWhileBusy();
        }
    }
}

} // namespace Quern::worker
