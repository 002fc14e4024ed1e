#pragma once

#include "process/generation.h"
#include "process/orphanreaper.h"
#include "process/pluginstore.h"

#include <QBasicTimer>
#include <QObject>
#include <QSet>

#include <functional>
#include <map>
#include <memory>
#include <optional>
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
    int replacements = 0; ///< of children that worked
    QString lastExit;
    std::optional<RestartReason> lastReason; ///< of that
    /// It does not serve yet, and takes the place of another of its name that does.
    bool isSuccessor = false;
    bool serves = false;        ///< it is of those that work now, or are to
    bool isBreakerOpen = false; ///< children of its place end as soon as they start
    bool isTooLarge = false;    ///< those of its place are beyond their memory limit as soon as they begin
    ChildProcess::Work work;
};

/// Keeps the children alive and replaces them by generations: start a new one, switch to it when all of it is ready,
/// drain the old. Knows nothing of reactors and broker: it announces, and they follow. Lives in the main thread.
///
/// Single children are replaced in the same way: their successor is ready before they go. Workers and task workers of
/// two generations work side by side for a while. A timer or custom process begins when the
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
    /// Somebody else waits for the processes that \a isSpared tells, should this one inherit orphans. To be called
    /// before start().
    void spare(std::function<bool(qint64 pid)> isSpared) { m_isSpared = std::move(isSpared); }
    /// Starts the first generation: started() or startFailed() follows.
    void start();
    /// After proven().
    void activate();
    /// Starts the next generation, with \a settings from now on if it comes up: reloadFinished() follows. The number of
    /// reactors and the folder of generations stay. Error::Busy while one is starting or the server stops.
    Result<void> reload(const SupervisorSettings &settings);
    /// The same with the settings of now.
    Result<void> reload() { return reload(m_settings); }
    /// Replaces the task workers alone by others with the plugin files of now, and the settings that hold: the same
    /// follows. Error::Invalid if there are none.
    Result<void> reloadTaskWorkers();
    /// Makes the pools as large as \a sizes say, from now until the next reload: poolsResized() follows, and
    /// scaleFinished(). \a text is for the log. Error::Busy while a reload or another such change is under way, or the
    /// server stops.
    Result<void> scale(const ipc::PoolSizes &sizes, ScaleReason reason, const QString &text);
    /// How large they are or will be in a moment.
    ipc::PoolSizes poolSizes() const;
    /// From leaveCompanions() on, unless they return.
    bool isLeaving() const { return m_companionsLeave; }
    /// From scale() to scaleFinished().
    bool isScaling() const { return m_scaleOpen; }
    /// Each reactor calls it, and the broker, for a child it was asked to drain.
    void drained(quint64 childId);
    /// The child that ChildIdentity::text() calls \a name, of the generation that serves; 0 if there is none now.
    quint64 childNamed(const QString &name) const;
    /// Replaces a child for \a reason; \a text is for people. Its successor begins when it is ready, and the child
    /// finishes what it has begun. No more than a quarter of a pool is replaced at a time, or one; the others wait.
    /// False: it is not at work yet, or no more.
    bool recycle(quint64 childId, RestartReason reason, const QString &text);
    /// Until when the replacement of a child waits that was beyond its memory limit as soon as it had begun, as the one
    /// before it: the next one would do no better.
    std::optional<base::MonotonicTime> replacementRestsUntil(quint64 childId) const;
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
    enum class Leave {
        All,           ///< there is no new work: the hooks of all children hear of it
        AllButWorkers, ///< workers take new work until drainWorkers()
    };
    void leaveCompanions(Leave leave = Leave::All);
    void drainWorkers();
    /// After companionsLeft(): they come back, since the server goes on.
    void returnCompanions();
    /// Kills those that leaveCompanions() has told to end, and the task workers that still run something.
    void killLeaving(const QString &reason);
    /// Another server has begun generation \a last, and has ended: its copies go, and one of this server's has a higher
    /// number.
    void skipGenerations(int last)
    {
        m_store.remove(last);
        m_generationSerial = std::max(m_generationSerial, last);
    }
    /// Another server has taken over: what its generations have in their folder stays there.
    void handOver() { m_store.setLast(m_generationSerial); }
    int lastGeneration() const { return m_generationSerial; }
    /// Tells all children the levels of the log that hold now.
    void sendLogLevels();
    /// Ends a child at once that \a reason speaks against, as with recycle().
    void killFor(quint64 childId, RestartReason reason, const QString &text);
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
    /// True if some place has given up, for the moment or for good, because its children end at once.
    bool isBreakerOpen() const;
    QList<ChildReport> report() const;
    /// Calls \a visit with each child of the generation that serves that is at work.
    void forEachAtWork(const std::function<void(const ChildProcess &child)> &visit) const;
    /// The same with each that finishes what it has begun.
    void forEachLeaving(const std::function<void(const ChildProcess &child)> &visit) const;
    /// How many children have been replaced since the start, those of reloads aside.
    const std::map<std::pair<ipc::ChildRole, RestartReason>, quint64> &restartCounts() const { return m_restarts; }
    /// How often pools have become larger or smaller since the start.
    const std::map<std::pair<ipc::ChildRole, ScaleReason>, quint64> &scaleCounts() const { return m_scales; }
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
    /// The children of \a generation, which were announced or will be, get work beside those that have it: the last one
    /// to be activated then. 0: none does any more.
    void generationAdmitted(int generation);
    /// All children of \a generation were announced by childReady(): new work goes to them.
    void generationActivated(int generation);
    void drainRequested(quint64 childId);
    /// There are, or in a moment will be, so many: of growing pools when the new ones are ready, of shrinking ones
    /// before the others leave.
    void poolsResized(const Quern::ipc::PoolSizes &sizes);
    /// \a error is empty on success: those that were too many have gone.
    void scaleFinished(const QString &error);
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
        bool inService = false;     ///< see Retire
    };

    struct Resize
    {
        ipc::PoolSizes sizes;
        ScaleReason reason = ScaleReason::Command;
        QString text;
    };

    void prepareNext();
    void startNext(const std::shared_ptr<const PluginCopies> &copies);
    void prepare();
    // See rolling.cpp.
    void startFirstOfEach();
    void rollOn();
    void handOver(ChildPlace &place);
    void rollBack();
    /// Starts the next one of those that are to be back.
    void rollBackOn();
    void startRollTimer();
    /// Nobody is there or will be: it has not been begun yet, or is another generation's for now.
    bool isVacant(const Generation &generation, const ChildPlace &place) const;
    /// Also if the child that has done so has ended, and its next is to come.
    bool hasTakenOver(const Generation &generation, const ChildPlace &place) const;
    /// Of a generation that has failed one still works there.
    bool isStoodInFor(const ChildPlace &place) const;
    /// The old child of that name works again.
    void takeBack(const ipc::ChildIdentity &who);
    void checkDismissed();
    /// The reload has failed; whether all of the old generation is back or not, another may be tried.
    void tellRolledBack();
    /// The next generation has as many as this has, if there may be so many.
    void keepPoolSizes();
    void startSuccessors(const std::shared_ptr<const PluginCopies> &copies);
    static ChildSpec specOf(const Generation &generation, const ipc::ChildIdentity &who);
    void startChild(Generation &generation, ChildPlace &place, ChildPlace::Slot slot = &ChildPlace::child);
    void hasLoaded(ChildProcess *child);
    void runStartHooks(ChildProcess *child);
    void startHooksDone(ChildProcess *child, ipc::Hook kind, const QString &problem);
    /// The last that a child has to do before it is ready.
    void checkHealth(ChildProcess *child);
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
    /// What a reload that has failed leaves to be done.
    void reloadFailed(const QString &reason);
    void failTaskReload(const QString &reason);
    /// Those that the reload of the task workers replaces.
    std::vector<ChildPlace *> taskPlaces() const;
    bool isInTaskReload(const ChildPlace &place) const;
    /// Whether all of them are ready.
    void checkTaskReload();
    /// Starts the successors that are due, as many as may be.
    void replaceDue();
    bool mayReplace(const ChildPlace &place) const;
    /// Where each child is beyond its memory limit at once the next ones follow more and more slowly.
    static void restIfEarly(ChildPlace &place);
    static bool isTooLarge(const ChildPlace &place);
    /// A successor is ready.
    void successorReady(ChildPlace &place);
    void takeOver(ChildPlace &place);
    void successorFailed(ChildPlace &place, const QString &reason);
    /// A successor is not needed any more.
    void dropSuccessor(ChildPlace &place, const QString &reason);
    void resize();
    /// Whether pools have become as large as they are to be.
    void checkGrown();
    void failGrowth(const QString &reason);
    void dropNewPlaces();
    void shrink(ipc::ChildRole role, int count);
    void tellPoolSizes();
    void checkScaled();
    void finishScale(const QString &error);
    /// Nobody is started any more.
    void breakOffScale(const QString &reason);
    /// Has \a child finish what it has begun, and leave; one that has not been announced is killed for \a reason.
    enum class Retire {
        ByReload,  ///< within max_wait_time; the reload is over when all of these have gone
        InService, ///< nobody waits for it: what it has begun may take as long as any
    };
    void retire(std::unique_ptr<ChildProcess> child, const QString &reason, Retire why = Retire::ByReload);
    void retireGeneration(std::unique_ptr<Generation> generation);
    void killOverdue();
    void armDrainTimer();
    /// Timers and custom processes whose predecessor has gone begin.
    void beginFree();
    void beginFreeOf(Generation *generation);
    void checkRetired();
    /// Some leave that a reload waits for, which needs their memory.
    bool areSomeAwaited() const;
    void checkCompanions();
    void checkStopped();
    static void tellOfEnd(const ChildExit &exit);
    /// The child of \a place has ended, and nobody had asked, or it could not be started.
    void replaceEnded(ChildPlace &place, const ChildExit &exit, RestartReason reason);
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
    std::unique_ptr<Generation> m_next;      ///< starting; not yet active
    std::unique_ptr<Generation> m_dismissed; ///< one that has failed while it took over, until the active one is back
    QString m_rollError;                     ///< why
    std::vector<Retiring> m_retiring;        ///< of older generations, of a failed one, and those that are recycled
    QBasicTimer m_restartTimer;
    QBasicTimer m_replaceTimer;
    QBasicTimer m_rollTimer;
    QBasicTimer m_prepareTimer;
    QBasicTimer m_drainTimer;
    QByteArray m_cronMemory;
    std::unique_ptr<OrphanReaper> m_orphans;   ///< if this process inherits them
    std::function<bool(qint64)> m_isSpared;    ///< see spare()
    std::map<quint64, RestartReason> m_killed; ///< children that were to be killed, and why, until they have ended
    QSet<quint64> m_shrinking;                 ///< children that leave since pools become smaller
    std::optional<Resize> m_resizeDue;         ///< what scale() has been asked for, until it begins
    QString m_growthError;                     ///< why the new children cannot be had
    std::map<std::pair<ipc::ChildRole, RestartReason>, quint64> m_restarts;
    std::map<std::pair<ipc::ChildRole, ScaleReason>, quint64> m_scales;
    std::unique_ptr<ChildProcess> m_hookRunner; ///< while hooks of the server's start or stop are called
    ipc::Hook m_serverHook = ipc::Hook::ServerStart;
    std::chrono::milliseconds m_hooksGrace{0};
    QBasicTimer m_hookTimer;
    base::MonotonicTime m_prepareUntil;
    quint64 m_childSerial = 0;
    int m_generationSerial;
    int m_preparing = 0; ///< number of the copies of plugin files that are being made; 0: none
    /// The task workers' successors start with these, which become theirs when all of them are ready.
    std::shared_ptr<const PluginCopies> m_taskCopies;
    bool m_isTaskReload = false; ///< what is being prepared is for the task workers alone
    bool m_scaleOpen = false;
    bool m_isRolling = false;      ///< some of the next generation serve already
    bool m_keepsPoolSizes = false; ///< the next generation has others than its settings say
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

template <typename Visit>
void Supervisor::forEachChild(Visit visit) const
{
    for (const Generation *generation : {m_active.get(), m_next.get(), m_dismissed.get()}) {
        if (generation)
            generation->forEachChild(visit);
    }
    for (const Retiring &retiring : m_retiring)
        visit(*retiring.child);
    if (m_hookRunner)
        visit(*m_hookRunner);
}

} // namespace Quern::process

Q_DECLARE_METATYPE(std::shared_ptr<Quern::process::ChildHandoff>)
