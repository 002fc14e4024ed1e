#pragma once

#include "process/generation.h"
#include "process/orphanreaper.h"
#include "process/pluginstore.h"

#include <QBasicTimer>
#include <QObject>
#include <QSet>

#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace Quern::process {

/// Timer and custom processes, of which there is one at a time, and which end by themselves when they are told to
/// leave.
bool isCompanion(ipc::ChildRole role);

/// A child that is ready, on its way to the reactors and the broker.
struct ChildHandoff
{
    quint64 childId = 0;
    ipc::ChildIdentity who;
    int generation = 0;
    qint64 pid = 0;
    QList<ipc::RouteEntry> routes;
    std::vector<base::FileDescriptor> channels; ///< one for each reactor, in their order
    base::FileDescriptor brokerChannel;
    std::shared_ptr<ipc::ChildPage> page;
};

/// A child that has just been started.
struct StartedChild
{
    ipc::ChildIdentity who;
    int generation = 0;
    qint64 pid = 0;
    std::shared_ptr<ipc::ChildPage> page;
};

/// One line of the process list.
struct ChildReport
{
    enum class State { Starting, Ready, Draining, Waiting, Fatal };

    ipc::ChildIdentity who;
    int generation = 0;
    qint64 pid = 0; ///< 0 while there is none
    State state = State::Starting;
    quint32 inFlight = 0;
    bool isIdle = false; ///< it is ready and has nothing to do
    quint64 requests = 0;
    int restarts = 0;
    QString lastExit;
    ChildProcess::Work work;
};

/// Why a child had to be replaced.
enum class RestartReason {
    Returned, ///< a custom process has come to its end
    Exited,   ///< by itself, and nobody had asked
    Crashed,  ///< by a signal that is its own fault
    Killed,   ///< by a signal from outside, or by command
    Stuck,    ///< the master has killed it, since it went on for too long
    Replaced, ///< it had worked for long enough, or was asked for
};
/// "exited", as metrics have it.
const char *restartReasonName(RestartReason reason);

/// Keeps the children alive and replaces them by generations: start a new one, switch to it when all of it is ready,
/// drain the old. Knows nothing of reactors and broker: it announces, and they follow. Lives in the main thread.
///
/// Workers and task workers of two generations work side by side for a while. A timer or custom process begins when the
/// child that did its work before has gone.
class Supervisor final : public QObject
{
    Q_OBJECT
public:
    explicit Supervisor(const SupervisorSettings &settings, QObject *parent = nullptr);
    ~Supervisor() override;

    /// Another server is in charge: the first generation waits, when it is ready, for activate(), and proven() tells
    /// it. To be called before start().
    void hold() { m_isHeld = true; }
    /// Starts the first generation: started() or startFailed() follows.
    void start();
    /// After proven().
    void activate();
    /// Starts the next generation, with \a settings from now on if it comes up: reloadFinished() follows. The number of
    /// reactors and the folder of generations stay. Error::Busy while one is starting or the server stops.
    Result<void> reload(const SupervisorSettings &settings);
    /// The same with the settings of now.
    Result<void> reload() { return reload(m_settings); }
    /// Each reactor calls it, and the broker, for a child it was asked to drain.
    void drained(quint64 childId);
    /// The child that ChildIdentity::text() calls \a name, of the generation that serves; 0 if there is none now.
    quint64 childNamed(const QString &name) const;
    /// Replaces a child that has worked for long enough; it finishes what it has begun. \a reason is for the log.
    /// False: it is not at work yet, or no more.
    bool recycle(quint64 childId, const QString &reason);
    /// Kills a child, which is then replaced; somebody has asked for it.
    void kill(quint64 childId, const QString &reason);
    /// What the next timer process knows of what was before it: a CronStateMessage.
    void setCronMemory(const QByteArray &state) { m_cronMemory = state; }
    /// Whether the generation that serves has cron jobs.
    bool hasTimer() const { return m_active && m_active->hasTimer(); }
    /// The child that takes a CronCommandMessage, the timer process; 0 if there is none that could.
    quint64 sendCronCommand(const QByteArray &command);
    /// The server is about to stop: timer and custom processes finish what they have begun and end; companionsLeft()
    /// follows. A reload that has not come up yet fails. To be called once.
    void leaveCompanions();
    /// After companionsLeft(): they come back, since the server goes on.
    void returnCompanions();
    /// Kills those that leaveCompanions() has told to end, and the task workers that still run something.
    void killLeaving(const QString &reason);
    /// Another server has begun generation \a last: one of this server's has a higher number.
    void skipGenerations(int last) { m_generationSerial = std::max(m_generationSerial, last); }
    /// Another server has taken over: what its generations have in their folder stays there.
    void handOver() { m_store.setLast(m_generationSerial); }
    int lastGeneration() const { return m_generationSerial; }
    /// Tells all children the levels of the log that hold now.
    void sendLogLevels();
    /// Ends a worker whose loop is stuck; its requests are settled and it is replaced.
    void killStuck(quint64 childId, const QString &reason);
    /// A channel to it has closed: its process ends, or it is killed after a moment, since it could not be reached.
    void childUnreachable(quint64 childId);
    /// Asks all children to leave and kills those that are there after \a grace; 0: kills them now. Then ServerStop
    /// hooks have \a hooksGrace; 0: they are not called. stopped() follows.
    void stop(std::chrono::milliseconds grace, std::chrono::milliseconds hooksGrace);

    int generation() const { return m_active ? m_active->number : 0; }
    /// From reload() to reloadFinished().
    bool isReloadOpen() const { return m_reloadOpen; }
    bool isReloading() const { return m_next != nullptr || !m_retiring.empty(); }
    /// True if some place has given up, for the moment or for good, because its children end at once.
    bool isBreakerOpen() const;
    QList<ChildReport> report() const;
    /// How many children have been replaced since the start, those of reloads aside.
    const std::map<std::pair<ipc::ChildRole, RestartReason>, quint64> &restartCounts() const { return m_restarts; }
    /// What the workers that serve have loaded; empty while none is ready.
    ipc::HelloMessage manifest() const;
    /// "worker 2: GET /slow for 1200 ms" for each handler that runs now.
    QStringList presentWork() const;

Q_SIGNALS:
    /// See hold(): the first generation is ready, and waits.
    void proven();
    void started();
    void startFailed(const QString &reason);
    void reloadProgressed(const QString &text);
    /// \a error is empty on success: the new generation serves, and the old one has gone.
    void reloadFinished(const QString &error);
    /// A generation is about to take over: childReady() follows for each of its children, then generationActivated().
    void generationArriving();
    void childReady(const std::shared_ptr<Quern::process::ChildHandoff> &handoff);
    /// A process has been started for a child of any role, which loads its plugins now; childExited() follows in the
    /// end. Not for those that only call hooks of the server's start or stop.
    void childStarted(quint64 childId, const Quern::process::StartedChild &child);
    /// All children of \a generation were announced by childReady(): new work goes to them.
    void generationActivated(int generation);
    void drainRequested(quint64 childId);
    void childExited(quint64 childId, const Quern::process::ChildExit &exit);
    /// A custom process whose output is redirected has printed something.
    void childPrinted(const Quern::ipc::ChildIdentity &who, const QByteArray &bytes);
    /// Once after leaveCompanions(): none of them is left.
    void companionsLeft();
    /// False: no worker can be started for the time being; true: there is one again.
    void availabilityChanged(bool available);
    /// A CronStateMessage from a timer process, which may be on its way out.
    void cronStateReceived(const QByteArray &state);
    /// A child has been started, or has ended.
    void processesChanged();
    void stopped();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    struct Retiring
    {
        std::unique_ptr<ChildProcess> child;
        int drainsLeft = 0;
        base::MonotonicTime killAt; ///< max() if it is killed already
    };

    void prepareNext();
    void startNext(const QList<ipc::BootMessage::Plugin> &copies);
    static ChildSpec specOf(const Generation &generation, const ipc::ChildIdentity &who);
    void startChild(Generation &generation, ChildPlace &place);
    void hasLoaded(ChildProcess *child);
    void runStartHooks(ChildProcess *child);
    /// Starts the child that has the hooks of the server's start or stop called.
    void startHookRunner(const Generation &generation, ipc::Hook kind);
    void serverHooksDone(const QString &problem);
    /// Whether they are being called, or have been begun now.
    bool runsStopHooks();
    void stopHooksOverdue();
    /// All children of \a generation get work from now on.
    static void runReadyHooks(const Generation &generation);
    void becameReady(ChildProcess *child);
    void hasExited(ChildProcess *child, ChildExit exit);
    void announce(ChildProcess *child);
    /// All children of the next generation are ready.
    void nextIsReady();
    void activateNext();
    void failNext(const QString &reason);
    void retire(std::unique_ptr<ChildProcess> child);
    void retireGeneration(std::unique_ptr<Generation> generation);
    void killOverdue();
    void armDrainTimer();
    /// Timers and custom processes whose predecessor has gone begin.
    void beginFree();
    void checkRetired();
    void checkCompanions();
    void checkStopped();
    void restartLater(ChildPlace &place, const ChildExit &exit);
    void restartDue();
    void updateAvailability();
    static ChildPlace *placeOf(const std::unique_ptr<Generation> &generation, const ChildProcess *child);
    ChildProcess *childWith(quint64 childId) const;
    /// Calls \a visit with each child of now.
    template <typename Visit>
    void forEachChild(Visit visit) const;
    /// Destroys \a child when no call of its own is on the stack.
    static void discard(std::unique_ptr<ChildProcess> child);

    SupervisorSettings m_settings;     ///< of the generation that serves
    SupervisorSettings m_nextSettings; ///< of the generation that is starting
    PluginStore m_store;
    std::unique_ptr<Generation> m_active;
    std::unique_ptr<Generation> m_next; ///< starting; not yet active
    std::vector<Retiring> m_retiring;   ///< of older generations, of a failed one, and those that are recycled
    QList<int> m_retiredGenerations;    ///< whose plugin copies go when their last child has left
    QBasicTimer m_restartTimer;
    QBasicTimer m_prepareTimer;
    QBasicTimer m_drainTimer;
    QByteArray m_cronMemory;
    std::unique_ptr<OrphanReaper> m_orphans; ///< if this process inherits them
    QSet<quint64> m_killed;                  ///< children that were to be killed by command, until they have ended
    std::map<std::pair<ipc::ChildRole, RestartReason>, quint64> m_restarts;
    std::unique_ptr<ChildProcess> m_hookRunner; ///< while hooks of the server's start or stop are called
    ipc::Hook m_serverHook = ipc::Hook::ServerStart;
    std::chrono::milliseconds m_hooksGrace{0};
    QBasicTimer m_hookTimer;
    base::MonotonicTime m_prepareUntil;
    quint64 m_childSerial = 0;
    int m_generationSerial;
    int m_preparing = 0; ///< number of the generation whose files are being copied; 0: none
    bool m_available = true;
    bool m_stopping = false;
    bool m_stopped = false;
    bool m_companionsLeave = false;
    bool m_companionsHaveLeft = false; ///< that has been told
    bool m_isHeld = false;             ///< see hold()
    bool m_hasStarted = false;         ///< ServerStart hooks have been called, or there are none
    bool m_stopHooksDone = false;
    bool m_reloadOpen = false; ///< a reload has been asked for and not been reported yet
};

} // namespace Quern::process

Q_DECLARE_METATYPE(std::shared_ptr<Quern::process::ChildHandoff>)
