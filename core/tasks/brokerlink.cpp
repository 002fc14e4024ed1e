#include "tasks/brokerlink.h"

#include "tasks/log.h"

namespace Quern::tasks {

BrokerLink::BrokerLink(int fd, std::shared_ptr<ipc::ChildPage> page, const LinkInfo &info, BrokerLinkEvents &events)
    : m_info(info)
    , m_page(std::move(page))
    , m_events(events)
    , m_channel(fd, this)
{
}

template <typename Message>
bool BrokerLink::isUsable(const Result<Message> &message) const
{
    if (!message)
        qCWarning(logTasks).noquote() << m_info.who.text() << "sent a" << message.error().message();
    return message.ok();
}

void BrokerLink::frameReceived(const ipc::Frame &frame)
{
    switch (frame.type) {
    case ipc::FrameType::Deliver:
        if (const Result<ipc::DeliverMessage> message = ipc::decodeDeliver(frame.payload); isUsable(message))
            m_events.delivered(*this, frame.id, *message);
        break;
    case ipc::FrameType::TaskDone:
        if (const Result<ipc::TaskDoneMessage> message = ipc::decodeTaskDone(frame.payload); isUsable(message))
            m_events.taskDone(*this, frame.id, *message);
        break;
    case ipc::FrameType::Post:
        if (const Result<ipc::PostMessage> message = ipc::decodePost(frame.payload); isUsable(message))
            m_events.posted(*this, frame.id, *message);
        break;
    default:
        // A newer child may say more than this master understands.
        break;
    }
}

void BrokerLink::channelClosed(const QString &)
{
    m_events.linkClosed(*this);
}

} // namespace Quern::tasks
