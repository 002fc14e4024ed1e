#include "app/server/predecessor.h"

namespace Quern::app {

Predecessor::Predecessor(const RestartHandover &handover, QObject *parent)
    : QObject(parent)
    , m_channel(handover.channel, static_cast<ipc::FrameSink *>(this))
{
}

void Predecessor::tell(ipc::FrameType what)
{
    m_channel.send(what, 0);
    m_channel.flush();
}

void Predecessor::frameReceived(const ipc::Frame &frame)
{
    if (frame.type == ipc::FrameType::TakeOver)
        Q_EMIT takeOver();
}

void Predecessor::channelClosed(const QString &)
{
    Q_EMIT gone();
}

} // namespace Quern::app
