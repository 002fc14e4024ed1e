#pragma once

#include "app/server/restarthandover.h"
#include "ipc/channel.h"

#include <QObject>

namespace Quern::app {

/// The server whose place this one is to take, as this one sees it: see Successor, its other end. Lives in the main
/// thread.
class Predecessor final : public QObject, private ipc::FrameSink
{
    Q_OBJECT
public:
    /// \a handover is that of a successor: its channel is taken over.
    explicit Predecessor(const RestartHandover &handover, QObject *parent = nullptr);

    /// The workers are ready; takeOver() follows, or gone().
    void tellProven() { tell(ipc::FrameType::HandoverProven); }
    /// Clients are served here from now on.
    void tellTakenOver() { tell(ipc::FrameType::TakenOver); }
    /// This one stops: that one is not to stay for its connections.
    void tellToEnd() { tell(ipc::FrameType::Stop); }

Q_SIGNALS:
    void takeOver();
    void gone();

private:
    void tell(ipc::FrameType what);
    void frameReceived(const ipc::Frame &frame) override;
    void channelClosed(const QString &reason) override;

    ipc::Channel m_channel;
};

} // namespace Quern::app
