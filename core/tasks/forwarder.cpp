#include "tasks/forwarder.h"

namespace Quern::tasks {

Forwarder::Forwarder(ToChild toChild, Lost lost) : m_toChild(std::move(toChild)), m_lost(std::move(lost)) {}

bool Forwarder::add(const DeliveryTicket &ticket, const ipc::DeliverMessage &message)
{
    if (m_heldBytes > MostWaiting || (m_channel && (!m_channel->isOpen() || m_channel->unsentBytes() > MostWaiting)))
        return false;
    if (m_channel) {
        remember(ticket);
        m_channel->sendWith([&](QByteArray &out) { ipc::appendDeliver(out, ticket.taskId, message); });
        return true;
    }
    m_held.push_back({ticket, {}});
    ipc::appendDeliver(m_held.back().frame, ticket.taskId, message);
    m_heldBytes += m_held.back().frame.size();
    return true;
}

void Forwarder::begin(int fd)
{
    m_channel = std::make_unique<ipc::Channel>(fd, static_cast<ipc::FrameSink *>(this));
    for (const Held &held : m_held) {
        remember(held.ticket);
        m_channel->sendWith([&held](QByteArray &out) { out.append(held.frame); });
    }
    m_held.clear();
    m_heldBytes = 0;
    m_channel->flush();
}

void Forwarder::remember(const DeliveryTicket &ticket)
{
    if ((ticket.flags & (ipc::WantsAnswer | ipc::WantsFinish)) != 0)
        m_open.insert_or_assign(ticket.taskId, ticket);
}

void Forwarder::frameReceived(const ipc::Frame &frame)
{
    const auto found = m_open.find(frame.id);
    if (found == m_open.end())
        return;
    const DeliveryTicket ticket = found->second;
    const bool isAnswer = frame.type == ipc::FrameType::DeliverAnswer;
    const bool isAccepted = isAnswer && ipc::decodeDeliverAnswer(frame.payload).ok();
    if (!isAccepted || (ticket.flags & ipc::WantsFinish) == 0)
        m_open.erase(found);
    m_toChild(ticket.childId, frame);
}

void Forwarder::channelClosed(const QString &)
{
    for (const auto &[id, ticket] : std::exchange(m_open, {}))
        m_lost(ticket);
}

} // namespace Quern::tasks
