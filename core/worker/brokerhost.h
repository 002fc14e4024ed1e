#pragma once

#include "ipc/channel.h"
#include "worker/postclient.h"
#include "worker/taskclient.h"
#include "worker/taskrunner.h"

#include <memory>

namespace Quern::worker {

/// A child's end of its channel to the broker: gives what arrives to those whom it concerns. Lives in the main thread.
class BrokerHost final : private ipc::FrameSink
{
public:
    /// Takes over \a fd. \a application outlives it and is complete. Nothing is read before attach().
    BrokerHost(int fd, const ApplicationPrivate &application, const ipc::ChildIdentity &who,
               const ipc::TaskDefaults &defaults, const ipc::ProcessPlan &plan);
    ~BrokerHost() override;
    Q_DISABLE_COPY_MOVE(BrokerHost)

    ipc::Channel &channel() { return m_channel; }
    TaskClient &tasks() { return m_tasks; }
    PostClient &post() { return m_post; }
    /// From now on \a host runs what arrives; it goes before this does.
    void attach(HandlerHost *host, ipc::TaskProgress &progress);
    /// There are so many workers and task workers from now on.
    void setPoolSizes(const ipc::PoolSizes &sizes)
    {
        m_tasks.setTaskWorkers(sizes.taskWorkers);
        m_post.setPoolSizes(sizes);
    }
    /// This child is to leave: messages and the news of tasks go to its successor from now on, and what had come before
    /// has been given out when this returns.
    void leave();
    /// Nothing is sent or run any more.
    void detach();

private:
    void frameReceived(const ipc::Frame &frame) override;
    void batchEnded() override;
    bool isUrgent(const ipc::Frame &frame) const override;
    void channelClosed(const QString &) override {} // the master is gone: the main channel notices, too

    const ApplicationPrivate &m_application;
    const ipc::ChildIdentity m_who;
    const ipc::TaskDefaults m_defaults;
    const tasks::Spill m_spill;
    TaskClient m_tasks;
    PostClient m_post;
    ipc::Channel m_channel;
    HandlerHost *m_host = nullptr;
    std::unique_ptr<TaskRunner> m_runner; ///< of a task worker
};

} // namespace Quern::worker
