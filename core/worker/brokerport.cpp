#include "worker/brokerport.h"

#include <QDeadlineTimer>

namespace Quern::worker {

Error BrokerPort::notServing()
{
    return Error(Error::Unavailable, QStringLiteral("this process has not begun to serve, or is stopping"));
}

void BrokerPort::attach(ipc::Channel *channel, std::function<void()> outputWaits)
{
    const std::unique_lock lock(m_mutex);
    m_channel = channel;
    m_outputWaits = std::move(outputWaits);
    m_thread = QThread::currentThread();
}

void BrokerPort::detach()
{
    const std::unique_lock lock(m_mutex);
    m_channel = nullptr;
    m_outputWaits = {};
}

Result<void> BrokerPort::check() const
{
    if (!m_channel || !m_channel->isOpen())
        return notServing();
    if (m_channel->unsentBytes() > MaxUnsent) {
        return Error(Error::Busy, QStringLiteral("the server does not take what this process has delivered before; "
                                                 "deliver less, or later"));
    }
    return {};
}

ipc::Channel *BrokerPort::ownChannel() const
{
    const std::shared_lock lock(m_mutex);
    return QThread::currentThread() == m_thread ? m_channel : nullptr;
}

void BrokerPort::readAhead(ipc::Channel &channel, std::chrono::milliseconds timeout,
                           const std::function<bool()> &isAnswered)
{
    // Nobody else reads the channel while this thread waits.
    const QDeadlineTimer deadline(timeout);
    channel.flush();
    while (!isAnswered() && !deadline.hasExpired()) {
        if (!channel.waitAhead(std::chrono::milliseconds(deadline.remainingTime())))
            break;
    }
}

} // namespace Quern::worker
