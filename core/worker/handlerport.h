#pragma once

#include "worker/handlerhost.h"

namespace Quern::worker {

/// The channel to one reactor.
class HandlerHost::Port final : public ipc::FrameSink
{
public:
    Port(HandlerHost *host, int reactorId, int fd) : m_host(host), m_reactorId(reactorId), m_channel(fd, this) {}

    ipc::Channel &channel() { return m_channel; }
    int reactorId() const { return m_reactorId; }

private:
    void frameReceived(const ipc::Frame &frame) override { m_host->frameReceived(this, frame); }
    void batchEnded() override { m_host->batchEnded(this); }
    bool isUrgent(const ipc::Frame &frame) const override { return m_host->isUrgent(frame); }
    void channelClosed(const QString &) override {} // the master is gone: the main channel notices, too

    HandlerHost *m_host;
    int m_reactorId;
    ipc::Channel m_channel;
};

} // namespace Quern::worker
