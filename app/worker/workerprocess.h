#pragma once

#include "base/log.h"
#include "cron/timerhost.h"
#include "ipc/channel.h"
#include "ipc/childpage.h"
#include "ipc/messages.h"
#include "worker/brokerhost.h"
#include "worker/cronjobs.h"
#include "worker/handlerhost.h"
#include "worker/hooks.h"
#include "worker/liveserver.h"
#include "worker/pluginloader.h"
#include "worker/processhost.h"

#include <QObject>

#include <memory>
#include <optional>
#include <unistd.h>
#include <vector>

namespace Quern::app {

/// What the master put on the command line.
struct WorkerArguments
{
    ipc::ChildIdentity who;
    int mainFd = -1;
    int brokerFd = -1;
    std::vector<int> reactorFds;
    int pageFd = -1;
    int connectionsFd = -1; ///< -1: it is not to serve, but to be inspected
    int tablesFd = -1;      ///< -1: there are no tables and atomics
    base::LogLevels logLevels;

    /// nullopt if something is missing: a person has started the program.
    static std::optional<WorkerArguments> parse(const QStringList &arguments);
};

/// A quern-worker in one of its roles: waits for the master's Boot message, loads the plugins, reports its manifest and
/// works until it is told to stop. Lives in the main thread.
class WorkerProcess final : public QObject, private ipc::FrameSink
{
    Q_OBJECT
public:
    explicit WorkerProcess(const WorkerArguments &arguments);
    ~WorkerProcess() override;

private:
    void frameReceived(const ipc::Frame &frame) override;
    void channelClosed(const QString &reason) override;
    void boot(QByteArrayView payload);
    /// The master knows what this is about to call, should it hang or crash.
    void tellStep(const QString &title);
    void runHooks(QByteArrayView payload);
    void leave(int exitCode = 0);
    /// Returns the Hello message.
    Result<QByteArray> load(const ipc::BootMessage &boot);
    Result<void> makeServer(const ipc::BootMessage &boot);
    /// Of a custom process; others take messages from now on.
    void makeProcess(const ipc::BootMessage &boot);
    void begin(QByteArrayView memory);
    /// A timer or custom process is to end by itself.
    void leaveSoon(worker::LeaveReason reason);
    /// Before the last hooks run: what is sent to this child from now on is for its successor.
    void leaveBroker();
    /// Of the timer process.
    void beginCron(QByteArrayView memory);
    void cronCommand(QByteArrayView payload);
    void leaveCron(worker::LeaveReason reason);
    Result<QByteArray> manifest() const;

    WorkerArguments m_arguments;
    const pid_t m_master = ::getppid();
    ipc::Channel m_channel; ///< to the master's main thread
    // In this order: the host runs handlers that live in the loader's plugins, whose threads may ask the server.
    std::unique_ptr<worker::LiveServer> m_server;
    std::unique_ptr<worker::PluginLoader> m_plugins;
    std::unique_ptr<worker::BrokerHost> m_broker;
    std::unique_ptr<worker::HandlerHost> m_host;
    std::unique_ptr<worker::ProcessHost> m_process; ///< of a custom process
    worker::CronPlan m_cronPlan;                    ///< until the timer begins
    Histogram m_cronLateness;                       ///< of the timer process
    std::unique_ptr<cron::TimerHost> m_timer;
    std::chrono::milliseconds m_maxWaitTime{0};
};

} // namespace Quern::app
