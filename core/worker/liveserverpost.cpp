// What LiveServer asks of custom processes, and the messages to all others.

#include "worker/liveserver.h"

namespace Quern::worker {

void LiveServer::attachPost(PostClient *post)
{
    const std::unique_lock lock(m_tasksMutex);
    m_post = post;
}

Posted<void> LiveServer::sendMessage(const ProcessAddress &to, const Payload &payload)
{
    const std::shared_lock lock(m_tasksMutex);
    return Posted<void>(m_post ? m_post->sendMessage(to, payload) : Outcome(m_notServing),
                        QStringLiteral("a message to ") + to.toString());
}

Outcome LiveServer::callProcess(const ProcessCall &call, const ProcessAnswer &answered)
{
    const std::shared_lock lock(m_tasksMutex);
    return m_post ? m_post->call(call, answered) : Outcome(m_notServing);
}

Result<Payload> LiveServer::callProcessAndWait(const ProcessCall &call)
{
    if (const Result<void> possible = checkWaiting(); !possible)
        return possible.error();
    const std::shared_lock lock(m_tasksMutex);
    return m_post ? m_post->callAndWait(call) : Result<Payload>(m_notServing);
}

} // namespace Quern::worker
