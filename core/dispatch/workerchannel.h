#pragma once

#include "dispatch/workerlink.h"
#include "ipc/channel.h"

namespace Quern::dispatch {

/// The road to a real worker: an ipc::Channel and this reactor's part of the claim ring. Lives in the reactor's thread.
class WorkerChannel final : public WorkerLink, private ipc::FrameSink
{
public:
    /// More than this on its way, in bytes, and the worker gets no more requests until it has read.
    static constexpr qint64 MaxUnsentBytes = 1024 * 1024;

    /// Takes over \a fd, the master's end of the channel.
    WorkerChannel(int fd, std::shared_ptr<ipc::ChildPage> page, int reactorId, WorkerInfo info,
                  WorkerLinkEvents *events);

    const WorkerInfo &info() const override { return m_info; }
    ipc::ClaimRing &ring() override { return m_ring; }
    bool isWritable() const override;
    void sendRequest(quint64 id, const ipc::ClaimTicket &ticket, QByteArrayView payload,
                     QByteArrayView bodyPart) override;
    bool sendBody(ipc::BodySender &sender) override;
    void sendBodyPart(quint64 id, QByteArrayView part) override;
    void sendBodyEnd(quint64 id, QByteArrayView trailers) override;
    void sendCredit(quint64 id, quint32 bytes) override;
    void sendCancel(quint64 id) override;
    ipc::EventGate &gate() override { return m_gate; }
    void sendEvent(quint64 id, const ipc::EventMessage &message) override;
    void sendEventBody(QByteArrayView part) override;
    void sendLeaving() override;
    void readRest() override;

private:
    void frameReceived(const ipc::Frame &frame) override;
    void batchEnded() override;
    void channelClosed(const QString &reason) override;

    WorkerInfo m_info;
    quint32 m_binds = 0; ///< Bind commands of this worker that have been carried out
    ipc::ClaimRing m_ring;
    ipc::EventGate m_gate;
    WorkerLinkEvents *m_events;
    ipc::Channel m_channel;
};

} // namespace Quern::dispatch
