#pragma once

#include "ipc/channel.h"
#include "ipc/taskmessages.h"

#include <QByteArray>

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

namespace Quern::tasks {

/// Who delivered what is not accepted yet.
struct DeliveryTicket
{
    quint64 childId = 0;
    quint64 taskId = 0;
    quint8 flags = 0;
    QByteArray name;
};

/// Takes what children deliver to a broker that has closed its database, since another one is about to take its place:
/// keeps it until that one is there, sends it on to it, and brings the children its answers. Lives in the broker's
/// thread.
class Forwarder final : private ipc::FrameSink
{
public:
    /// More than so many bytes do not wait here.
    static constexpr qint64 MostWaiting = 64 * 1024 * 1024;

    /// What comes back for a child: DeliverAnswer and TaskFinished.
    using ToChild = std::function<void(quint64 childId, const ipc::Frame &frame)>;
    /// Nobody will answer it.
    using Lost = std::function<void(const DeliveryTicket &ticket)>;

    Forwarder(ToChild toChild, Lost lost);
    Q_DISABLE_COPY_MOVE(Forwarder)

    /// False: too much waits already.
    bool add(const DeliveryTicket &ticket, const ipc::DeliverMessage &message);
    /// The other broker is at the end of \a fd, which this takes over.
    void begin(int fd);

    struct Held
    {
        DeliveryTicket ticket;
        QByteArray frame; ///< Deliver
    };
    /// What has been kept, in its order: there will be no other broker.
    std::vector<Held> takeHeld() { return std::exchange(m_held, {}); }

private:
    void frameReceived(const ipc::Frame &frame) override;
    void channelClosed(const QString &reason) override;
    void remember(const DeliveryTicket &ticket);

    ToChild m_toChild;
    Lost m_lost;
    std::vector<Held> m_held; ///< before begin()
    qint64 m_heldBytes = 0;
    std::unordered_map<quint64, DeliveryTicket> m_open; ///< by task: those that somebody waits to hear of
    std::unique_ptr<ipc::Channel> m_channel;            ///< null before begin()
};

} // namespace Quern::tasks
