#include "worker/brokerhost.h"

#include "worker/handlerhost.h"

namespace Quern::worker {

BrokerHost::BrokerHost(int fd, const ApplicationPrivate &application, const ipc::ChildIdentity &who,
                       const ipc::TaskDefaults &defaults, const ipc::ProcessPlan &plan)
    : m_application(application)
    , m_who(who)
    , m_defaults(defaults)
    , m_spill(defaults.spillFolder)
    , m_tasks(application, who, defaults)
    , m_post(application, plan)
    , m_channel(fd, this)
{
}

BrokerHost::~BrokerHost()
{
    detach();
}

void BrokerHost::attach(HandlerHost *host, ipc::TaskProgress &progress)
{
    m_host = host;
    m_tasks.attach(&m_channel, [host] { host->outputWaits(); });
    m_post.attach(&m_channel, [host] { host->outputWaits(); });
    if (m_who.role == ipc::ChildRole::TaskWorker)
        m_runner =
            std::make_unique<TaskRunner>(m_application, progress, m_channel, *host, m_spill, m_defaults.spillSize);
}

void BrokerHost::leave()
{
    m_post.close();
    m_channel.readRest();
}

void BrokerHost::detach()
{
    m_tasks.detach();
    m_post.detach();
    m_runner.reset();
    m_host = nullptr;
}

void BrokerHost::frameReceived(const ipc::Frame &frame)
{
    if (!m_host)
        return;
    m_host->batchBegan();
    switch (frame.type) {
    case ipc::FrameType::RunTask:
        if (m_runner)
            m_runner->frameReceived(frame);
        break;
    case ipc::FrameType::DeliverAnswer:
        m_host->runCallback([&] { m_tasks.answered(frame); });
        break;
    case ipc::FrameType::TaskFinished:
        m_host->runCallback([&] { m_tasks.finished(frame); });
        break;
    case ipc::FrameType::Post:
        m_host->runCallback([&] { m_post.frameReceived(frame); });
        break;
    default:
        // A newer master may say more than this child understands.
        break;
    }
}

void BrokerHost::batchEnded()
{
    if (m_host)
        m_host->batchOver();
}

bool BrokerHost::isUrgent(const ipc::Frame &frame) const
{
    return frame.type == ipc::FrameType::DeliverAnswer ||
           (frame.type == ipc::FrameType::Post && m_post.isAwaited(frame));
}

} // namespace Quern::worker
