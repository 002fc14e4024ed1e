#include "dispatch/workerchannel.h"

#include "dispatch/log.h"

#include <cstring>

namespace Quern::dispatch {

WorkerChannel::WorkerChannel(int fd, std::shared_ptr<ipc::ChildPage> page, int reactorId, WorkerInfo info,
                             WorkerLinkEvents *events)
    : m_info(std::move(info))
    , m_ring(page, reactorId)
    , m_gate(std::move(page), reactorId)
    , m_events(events)
    , m_channel(fd, this)
{
}

bool WorkerChannel::isWritable() const
{
    return m_channel.isOpen() && m_channel.unsentBytes() < MaxUnsentBytes;
}

void WorkerChannel::sendRequest(quint64 id, const ipc::ClaimTicket &ticket, QByteArrayView payload,
                                QByteArrayView bodyPart)
{
    m_channel.sendWith([&](QByteArray &out) {
        char *place = ipc::appendFrame(out, ipc::FrameType::Request, 0, id,
                                       ipc::ClaimTicketSize + payload.size() + bodyPart.size());
        ipc::writeTicket(place, ticket);
        place += ipc::ClaimTicketSize;
        std::memcpy(place, payload.data(), size_t(payload.size()));
        if (!bodyPart.isEmpty())
            std::memcpy(place + payload.size(), bodyPart.data(), size_t(bodyPart.size()));
    });
    if (m_channel.isBatchFull())
        m_channel.flush();
}

bool WorkerChannel::sendBody(ipc::BodySender &sender)
{
    return sender.pump(m_channel);
}

void WorkerChannel::sendBodyPart(quint64 id, QByteArrayView part)
{
    m_channel.send(ipc::FrameType::RequestBody, id, part);
    if (m_channel.isBatchFull())
        m_channel.flush();
}

void WorkerChannel::sendBodyEnd(quint64 id, QByteArrayView trailers)
{
    m_channel.send(ipc::FrameType::RequestEnd, id, trailers);
}

void WorkerChannel::sendCredit(quint64 id, quint32 bytes)
{
    ipc::sendCredit(m_channel, id, bytes);
}

void WorkerChannel::sendCancel(quint64 id)
{
    m_channel.send(ipc::FrameType::Cancel, id);
}

void WorkerChannel::sendEvent(quint64 id, const ipc::EventMessage &message)
{
    ipc::EventMessage numbered = message;
    numbered.binds = m_binds;
    m_channel.sendWith([&](QByteArray &out) { ipc::appendEvent(out, id, numbered); });
    if (m_channel.isBatchFull())
        m_channel.flush();
}

void WorkerChannel::sendEventBody(QByteArrayView part)
{
    m_channel.send(ipc::FrameType::EventBody, 0, part);
    if (m_channel.isBatchFull())
        m_channel.flush();
}

void WorkerChannel::sendLeaving()
{
    m_channel.send(ipc::FrameType::Leaving, 0);
}

void WorkerChannel::readRest()
{
    m_channel.readRest();
}

void WorkerChannel::frameReceived(const ipc::Frame &frame)
{
    switch (frame.type) {
    case ipc::FrameType::Response: {
        const Result<ipc::ResponseMessage> message = ipc::decodeResponse(frame.payload);
        if (message)
            m_events->responseReceived(m_info.childId, frame.id, *message);
        else
            qCWarning(logDispatch).noquote() << "worker" << m_info.workerId << "sent a" << message.error().message();
        break;
    }
    case ipc::FrameType::ResponseBody:
        m_events->responseBodyReceived(m_info.childId, frame.id, frame.payload);
        break;
    case ipc::FrameType::ResponseEnd:
        m_events->responseEndReceived(m_info.childId, frame.id, frame.payload);
        break;
    case ipc::FrameType::ResponseAbort:
        m_events->responseAbortReceived(m_info.childId, frame.id);
        break;
    case ipc::FrameType::Deferred:
        m_events->deferredReceived(m_info.childId, frame.id);
        break;
    case ipc::FrameType::Credit:
        if (const Result<quint32> bytes = ipc::creditOf(frame.payload))
            m_events->creditReceived(m_info.childId, frame.id, *bytes);
        break;
    case ipc::FrameType::EventsDone:
        m_events->eventsDoneReceived(m_info.childId, frame.id);
        break;
    case ipc::FrameType::Command: {
        const Result<ipc::CommandMessage> message = ipc::decodeCommand(frame.payload);
        if (message) {
            m_events->commandReceived(m_info.childId, frame.id, *message, m_channel.hasMoreInput());
            m_binds += message->kind == ipc::CommandKind::Bind ? 1 : 0;
        } else {
            qCWarning(logDispatch).noquote() << "worker" << m_info.workerId << "sent a" << message.error().message();
        }
        break;
    }
    case ipc::FrameType::CommandBody:
        m_events->commandBodyReceived(m_info.childId, frame.payload);
        break;
    default:
        // A newer worker may say more than this master understands.
        break;
    }
}

void WorkerChannel::batchEnded()
{
    m_events->batchEnded(m_info.childId);
}

void WorkerChannel::channelClosed(const QString &)
{
    m_events->linkClosed(m_info.childId);
}

} // namespace Quern::dispatch
