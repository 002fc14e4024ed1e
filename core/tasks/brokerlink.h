#pragma once

#include "ipc/channel.h"
#include "ipc/childpage.h"
#include "ipc/childrole.h"
#include "ipc/postmessages.h"
#include "ipc/taskmessages.h"

#include <memory>

namespace Quern::tasks {

/// What the broker knows of one child. A plain value.
struct LinkInfo
{
    quint64 childId = 0; ///< never used twice while the master lives
    ipc::ChildIdentity who;
    int generation = 0;
};

class BrokerLink;

/// What comes from a child. Called in the broker's thread.
class BrokerLinkEvents
{
public:
    virtual ~BrokerLinkEvents() = default;
    virtual void delivered(BrokerLink &link, quint64 id, const ipc::DeliverMessage &message) = 0;
    virtual void taskDone(BrokerLink &link, quint64 id, const ipc::TaskDoneMessage &message) = 0;
    virtual void posted(BrokerLink &link, quint64 id, const ipc::PostMessage &message) = 0;
    /// The child is dying. What it had sent before has been given out.
    virtual void linkClosed(BrokerLink &link) = 0;
};

/// The master's end of a child's channel to the broker. Lives in the broker's thread.
class BrokerLink final : private ipc::FrameSink
{
public:
    /// Takes over \a fd. \a events outlives it.
    BrokerLink(int fd, std::shared_ptr<ipc::ChildPage> page, const LinkInfo &info, BrokerLinkEvents &events);
    Q_DISABLE_COPY_MOVE(BrokerLink)

    const LinkInfo &info() const { return m_info; }
    const std::shared_ptr<ipc::ChildPage> &page() const { return m_page; }
    ipc::Channel &channel() { return m_channel; }
    const ipc::Channel &channel() const { return m_channel; }
    /// It takes no news any more: it leaves, or is dead.
    bool isLeaving() const { return m_leaving || !m_channel.isOpen(); }
    void setLeaving() { m_leaving = true; }

private:
    void frameReceived(const ipc::Frame &frame) override;
    void channelClosed(const QString &reason) override;
    template <typename Message>
    bool isUsable(const Result<Message> &message) const;

    LinkInfo m_info;
    std::shared_ptr<ipc::ChildPage> m_page;
    BrokerLinkEvents &m_events;
    ipc::Channel m_channel;
    bool m_leaving = false;
};

} // namespace Quern::tasks
