#pragma once

#include "ipc/channel.h"

#include <QThread>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <utility>

namespace Quern::worker {

/// Somebody waits for an answer of the broker. Any thread.
template <typename T>
class BrokerWaiter
{
public:
    void answer(Result<T> outcome)
    {
        {
            const std::lock_guard lock(m_mutex);
            m_outcome = std::move(outcome);
        }
        m_changed.notify_all();
    }
    bool isAnswered() const
    {
        const std::lock_guard lock(m_mutex);
        return m_outcome.has_value();
    }
    /// False if there was no answer in time, nor by the end that expectBy() has set. Not in the channel's thread:
    /// nobody would read it.
    bool waitFor(std::chrono::milliseconds timeout)
    {
        const auto deadline = std::chrono::steady_clock::now() + timeout;
        std::unique_lock lock(m_mutex);
        while (!m_outcome && std::chrono::steady_clock::now() < std::min(deadline, m_end))
            m_changed.wait_until(lock, std::min(deadline, m_end));
        return m_outcome.has_value();
    }
    /// Who waits by waitFor() does so until \a end at most.
    void expectBy(std::chrono::steady_clock::time_point end)
    {
        {
            const std::lock_guard lock(m_mutex);
            m_end = end;
        }
        m_changed.notify_all();
    }
    /// Only when answered.
    Result<T> outcome() const
    {
        const std::lock_guard lock(m_mutex);
        return *m_outcome;
    }

private:
    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    std::optional<Result<T>> m_outcome;
    std::chrono::steady_clock::time_point m_end = std::chrono::steady_clock::time_point::max();
};

/// A child's way to the broker, while there is one. Any thread.
class BrokerPort
{
public:
    /// Nothing more is sent while so many bytes wait for the broker to take them.
    static constexpr qint64 MaxUnsent = 64 * 1024 * 1024;

    BrokerPort() = default;
    Q_DISABLE_COPY_MOVE(BrokerPort)

    /// What is told before it can send, and after.
    static Error notServing();

    /// Sends by \a channel, which outlives that, until detach(). \a outputWaits is called in the thread that attaches
    /// when something was sent there.
    void attach(ipc::Channel *channel, std::function<void()> outputWaits);
    void detach();

    /// Sends the frames that \a append(QByteArray &out) appends. Error::Unavailable or Error::Busy if they cannot
    /// leave.
    template <typename Append>
    Result<void> send(Append append)
    {
        const std::shared_lock lock(m_mutex);
        if (const Result<void> possible = check(); !possible)
            return possible;
        m_channel->sendWith(append);
        if (QThread::currentThread() == m_thread)
            m_outputWaits();
        else
            m_channel->flushFromElsewhere();
        return {};
    }

    /// Waits for the answer; in the channel's thread by reading ahead what is urgent. False if there was none in time.
    template <typename T>
    bool wait(BrokerWaiter<T> &waiter, std::chrono::milliseconds timeout)
    {
        ipc::Channel *channel = ownChannel();
        if (!channel)
            return waiter.waitFor(timeout);
        readAhead(*channel, timeout, [&waiter] { return waiter.isAnswered(); });
        return waiter.isAnswered();
    }

private:
    Result<void> check() const;
    /// nullptr in another thread than the channel's.
    ipc::Channel *ownChannel() const;
    static void readAhead(ipc::Channel &channel, std::chrono::milliseconds timeout,
                          const std::function<bool()> &isAnswered);

    mutable std::shared_mutex m_mutex; ///< shared while somebody sends; guards what follows
    ipc::Channel *m_channel = nullptr;
    std::function<void()> m_outputWaits;
    QThread *m_thread = nullptr; ///< that of the channel
};

} // namespace Quern::worker
