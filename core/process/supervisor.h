#pragma once

#include "process/generation.h"
#include "process/pluginstore.h"

#include <QBasicTimer>
#include <QObject>

#include <memory>
#include <vector>

namespace Quern::process {

/// A worker that is ready, on its way to the reactors.
struct WorkerHandoff
{
    quint64 childId = 0;
    int workerId = 0;
    int generation = 0;
    qint64 pid = 0;
    QList<ipc::RouteEntry> routes;
    std::vector<base::FileDescriptor> channels; ///< one for each reactor, in their order
    std::shared_ptr<ipc::ChildPage> page;
};

/// One line of the process list.
struct WorkerReport
{
    enum class State { Starting, Ready, Draining, Waiting };

    int workerId = 0;
    int generation = 0;
    qint64 pid = 0; ///< 0 while there is none
    State state = State::Starting;
    quint32 inFlight = 0;
    quint64 requests = 0;
    int restarts = 0;
    QString lastExit;
};

/// Keeps the workers alive and replaces them by generations: start a new one, switch to it when all of it is ready,
/// drain the old. Knows nothing of reactors: it announces, and they follow. Lives in the main thread.
class Supervisor final : public QObject
{
    Q_OBJECT
public:
    explicit Supervisor(const SupervisorSettings &settings, QObject *parent = nullptr);
    ~Supervisor() override;

    /// Starts the first generation: started() or startFailed() follows.
    void start();
    /// Starts the next generation, with \a settings from now on if it comes up: reloadFinished() follows. The number of
    /// reactors and the folder of generations stay. Error::Busy while one is starting or the server stops.
    Result<void> reload(const SupervisorSettings &settings);
    /// The same with the settings of now.
    Result<void> reload() { return reload(m_settings); }
    /// Each reactor calls it for a worker it was asked to drain.
    void reactorDrained(quint64 childId);
    /// Tells all children the levels of the log that hold now.
    void sendLogLevels();
    /// Ends a worker whose loop is stuck; its requests are settled and it is replaced.
    void killStuck(quint64 childId, const QString &reason);
    /// A channel to it has closed: its process ends, or it is killed after a moment, since it could not be reached.
    void workerUnreachable(quint64 childId);
    /// Asks all children to leave and kills those that are there after \a grace; 0: kills them now. stopped() follows.
    void stop(std::chrono::milliseconds grace);

    int generation() const { return m_active ? m_active->number : 0; }
    bool isReloading() const { return m_next != nullptr || !m_retiring.empty(); }
    /// True if some worker place has given up for the moment because its children crash at once.
    bool isBreakerOpen() const;
    QList<WorkerReport> report() const;
    /// What the workers that serve have loaded; empty while none is ready.
    ipc::HelloMessage manifest() const;
    /// "worker 2: GET /slow for 1200 ms" for each handler that runs now.
    QStringList runningHandlers() const;

Q_SIGNALS:
    void started();
    void startFailed(const QString &reason);
    void reloadProgressed(const QString &text);
    /// \a error is empty on success: the new generation serves, and the old one has gone.
    void reloadFinished(const QString &error);
    /// A generation is about to take over: workerReady() follows for each of its workers, then generationActivated().
    void generationArriving();
    void workerReady(const std::shared_ptr<Quern::process::WorkerHandoff> &handoff);
    /// All workers of \a generation were announced by workerReady(): new requests go to them.
    void generationActivated(int generation);
    void drainRequested(quint64 childId);
    void workerExited(quint64 childId, const Quern::process::ChildExit &exit);
    /// False: no worker can be started for the time being; true: there is one again.
    void availabilityChanged(bool available);
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
    };

    void prepareNext();
    void startNext(const QList<ipc::BootMessage::Plugin> &copies);
    void startChild(Generation &generation, WorkerPlace &place);
    void childReady(ChildProcess *child);
    void childExited(ChildProcess *child, const ChildExit &exit);
    void announce(ChildProcess *child);
    void activateNext();
    void failNext(const QString &reason);
    void retire(std::unique_ptr<Generation> generation);
    void checkRetired();
    void checkStopped();
    void restartLater(WorkerPlace &place, const ChildExit &exit);
    void restartDue();
    void updateAvailability();
    WorkerPlace *placeOf(Generation *generation, const ChildProcess *child) const;
    ChildProcess *childWith(quint64 childId) const;
    /// Destroys \a child when no call of its own is on the stack.
    static void discard(std::unique_ptr<ChildProcess> child);

    SupervisorSettings m_settings;     ///< of the generation that serves
    SupervisorSettings m_nextSettings; ///< of the generation that is starting
    PluginStore m_store;
    std::unique_ptr<Generation> m_active;
    std::unique_ptr<Generation> m_next; ///< starting; not yet active
    std::vector<Retiring> m_retiring;   ///< of older generations, and of a failed one
    QList<int> m_retiredGenerations;    ///< whose plugin copies go when their last child has left
    QBasicTimer m_restartTimer;
    QBasicTimer m_prepareTimer;
    QBasicTimer m_drainTimer;
    base::MonotonicTime m_prepareUntil;
    quint64 m_childSerial = 0;
    int m_generationSerial = 0;
    int m_preparing = 0; ///< number of the generation whose files are being copied; 0: none
    bool m_available = true;
    bool m_stopping = false;
    bool m_stopped = false;
    bool m_reloadOpen = false; ///< a reload has been asked for and not been reported yet
};

} // namespace Quern::process

Q_DECLARE_METATYPE(std::shared_ptr<Quern::process::WorkerHandoff>)
