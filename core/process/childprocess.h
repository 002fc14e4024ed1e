#pragma once

#include "base/clock.h"
#include "base/filedescriptor.h"
#include "base/loglevels.h"
#include "ipc/channel.h"
#include "ipc/childpage.h"
#include "ipc/childrole.h"
#include "ipc/messages.h"
#include "process/childoutput.h"
#include "process/pluginstore.h"

#include <QBasicTimer>
#include <QMap>
#include <QObject>
#include <QProcess>

#include <memory>
#include <optional>
#include <vector>

namespace Quern::process {

/// What to start.
struct ChildSpec
{
    quint64 childId = 0; ///< never used twice while the master lives
    ipc::ChildIdentity who;
    int generation = 0;
    int reactorCount = 1;
    QString program; ///< absolute path of quern-worker
    ipc::AnswerOptions answers;
    QList<ipc::BootMessage::Plugin> plugins;
    std::shared_ptr<const PluginCopies> copies; ///< whose files these are, held until it has ended; may be null
    QList<ipc::BootMessage::Port> ports;
    ipc::TaskDefaults tasks;
    QList<ipc::CronEntry> cron;
    std::chrono::milliseconds maxWaitTime{3000};
    std::chrono::milliseconds hookTimeout{5000};
    int connectionsFd = -1; ///< of the ipc::ConnectionTable, which outlives the start; -1: it gets none
    int tablesFd = -1;      ///< of the memory of the tables, which outlives the start; -1: it gets none
    std::chrono::milliseconds bootTimeout{30000};
    ipc::ProcessPlan plan;
    ipc::Confinement confinement;
    bool redirect = false;                    ///< what it prints is given out by printed(), instead of the log
    std::optional<base::LogLevels> logLevels; ///< without them it has those that hold here when it is started
    QMap<QString, QString> environment;       ///< what it has in its environment besides the master's

    QString role() const { return who.text(); }
};

/// How a child ended.
struct ChildExit
{
    ipc::ChildIdentity who;
    qint64 pid = 0;
    int generation = 0;
    QString text;         ///< "exit code 3", "signal 11 (Segmentation fault)", with the reason of a kill or of its own
    bool isFault = false; ///< its own doing: a fault signal or an exit nobody asked for
    bool wasKilled = false;         ///< by ChildProcess::kill()
    bool isSuccess = false;         ///< exit code 0
    bool isCrash = false;           ///< by a signal, whoever sent it
    bool hasStarted = true;         ///< its program could be run
    QString step;                   ///< the plugin that it was loading, or "hook Ready of plugin shop"; empty: none
    QList<QByteArray> blamedRoutes; ///< whose handlers were running, when it is a fault

    bool isStepHook() const { return step.startsWith(u"hook "); }
};

/// One child of the master: a quern-worker in one of its roles, with a channel to the main thread, one to the broker,
/// one to each reactor, and the shared page. Lives in the main thread.
class ChildProcess final : public QObject, private ipc::FrameSink
{
    Q_OBJECT
public:
    enum class State { Starting, Ready, Draining, Stopping, Gone };

    explicit ChildProcess(const ChildSpec &spec, QObject *parent = nullptr);
    ~ChildProcess() override;

    /// Whether \a pid is that of one that was started and that has not been told to have ended.
    static bool isOne(qint64 pid);

    /// Error::Io if descriptors, memory or a process cannot be had.
    Result<void> start();
    /// Asks it to leave: nothing is in flight in it. Killed if it has not left after \a grace.
    void stop(std::chrono::milliseconds grace);
    /// Tells it the levels of the log that hold now. One that starts later knows them.
    void sendLogLevels();
    /// The same with how many workers and task workers there are now.
    void sendPoolSizes(const ipc::PoolSizes &sizes);
    /// It cannot be reached any more: killed if it does not end within a moment.
    void expectEnd();
    /// Ends it at once, and the programs that it has started; \a reason becomes part of the exit text.
    void kill(const QString &reason);

    const ChildSpec &spec() const { return m_spec; }
    State state() const { return m_state; }
    void setDraining() { m_state = State::Draining; }
    /// Calls hooks; hooksDone() follows, or it is killed if one of them takes too long. One that is at work begins with
    /// them when it has finished that, and their time begins then.
    void runHooks(const ipc::RunHooksMessage &hooks);
    /// It has loaded its plugins, and what had to follow that is done: ready() follows.
    void setReady();
    /// It has found that it cannot serve: bootFailed() with \a reason, and it is killed.
    void failStart(const QString &reason);
    /// A timer or custom process begins its work: its predecessor has gone. \a memory is what that has left to it.
    void begin(const QByteArray &memory);
    /// Sends a CronCommand.
    void sendCronCommand(const QByteArray &command);
    bool hasBegun() const { return m_begun; }
    /// The same finishes what it has begun, and ends by itself: since the server is reloaded, or stops.
    void leave(bool isReload);
    bool hasLoaded() const { return !m_manifest.plugins.isEmpty(); }
    bool isReady() const { return m_state == State::Ready; }
    qint64 pid() const { return m_pid; }
    const ipc::HelloMessage &manifest() const { return m_manifest; }
    const std::shared_ptr<ipc::ChildPage> &page() const { return m_page; }
    /// The master's ends of the channels to the reactors, in their order; given away once.
    std::vector<base::FileDescriptor> takeReactorChannels() { return std::move(m_reactorChannels); }
    /// The same of the channel to the broker.
    base::FileDescriptor takeBrokerChannel() { return std::move(m_brokerChannel); }
    /// What it is at, for people: "GET /slow for 1200 ms"; empty if nothing is on its stack.
    QString presentWork() const;
    /// What it has begun and not ended, as its page tells.
    struct Work
    {
        QString name;                        ///< on its stack, else the oldest to be answered later; else empty
        std::chrono::milliseconds oldest{0}; ///< age of the oldest of all; 0 if there is none
    };
    Work work() const;

Q_SIGNALS:
    /// Its plugins are loaded, and manifest() tells what they have. It waits for setReady().
    void loaded();
    void ready();
    /// \a problem is what the first hook that failed has said; empty if none did.
    void hooksDone(Quern::ipc::Hook kind, const QString &problem);
    /// It cannot serve; \a reason is for people. It exits by itself or is killed.
    void bootFailed(const QString &reason);
    /// With ChildSpec::redirect.
    void printed(const QByteArray &bytes);
    /// A CronState.
    void cronStateReceived(const QByteArray &state);
    /// Emitted once, last.
    void exited(const Quern::process::ChildExit &exit);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void frameReceived(const ipc::Frame &frame) override;
    void channelClosed(const QString &reason) override;
    void readOutput();
    void startFailed();
    void stepBegun(const QString &title);
    void programsChanged(QByteArrayView payload);
    /// Ends the programs that it has started, and that belong to it.
    void killPrograms();
    void startHookDeadline() { m_hookDeadline.start(int(m_spec.hookTimeout.count()), this); }
    void hooksEnded(QByteArrayView payload);
    void hookOverdue();
    void processFinished(int code, QProcess::ExitStatus status);
    ChildExit describeExit(int code, QProcess::ExitStatus status) const;
    QList<QByteArray> routesAtWork() const;
    /// It calls a hook; what it loads at first is no work yet.
    bool isAtStep() const { return m_state != State::Starting && !m_step.isEmpty(); }
    /// What is on its stack while \a slot and \a place stand in its page; empty if they make no sense.
    QByteArray workName(quint32 slot, quint32 place) const;

    ChildSpec m_spec;
    QProcess m_process;
    std::unique_ptr<ipc::Channel> m_channel;
    std::vector<base::FileDescriptor> m_reactorChannels;
    base::FileDescriptor m_brokerChannel;
    std::shared_ptr<ipc::ChildPage> m_page;
    ipc::HelloMessage m_manifest;
    ChildOutput m_output;
    QString m_killReason;
    QString m_problem;      ///< why it ends, as it has said itself
    QString m_step;         ///< the plugin that it is loading, or the hook that it calls, as messages name it
    QBasicTimer m_deadline; ///< of the boot, then of the stop
    QBasicTimer m_hookDeadline;
    QList<qint64> m_programs; ///< process groups of what a timer process runs
    int m_hooksUnderWay = 0;  ///< kinds of hooks that it was asked to run and has not
    qint64 m_pid = 0;
    State m_state = State::Starting;
    bool m_begun = false;
};

/// Why \a child, which ended with \a exit before it was ready, could not start, for people.
QString startFailure(const ChildProcess &child, const ChildExit &exit);

} // namespace Quern::process
