#pragma once

#include "ipc/childrole.h"
#include "tasks/brokerlink.h"
#include "tasks/deadletterbox.h"
#include "tasks/finishbox.h"
#include "tasks/forwarder.h"
#include "tasks/memorystore.h"
#include "tasks/postoffice.h"
#include "tasks/tasklane.h"
#include "tasks/taskstore.h"

#include <QBasicTimer>
#include <QDeadlineTimer>
#include <QObject>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

namespace Quern::tasks {

/// What is in one store now.
struct StoreGauges
{
    std::atomic<quint64> queued = 0;  ///< due, and waiting for a task worker
    std::atomic<quint64> delayed = 0; ///< waiting for their time
    std::atomic<quint64> running = 0; ///< sent to a task worker
    std::atomic<quint64> dead = 0;    ///< dead letters

    void store(const TaskCounts &counts);
};

/// What may be read of the broker from any thread.
struct BrokerCounters
{
    std::atomic<quint64> delivered = 0; ///< tasks and events accepted since the start
    std::atomic<quint64> refused = 0;
    std::atomic<quint64> done = 0;
    std::atomic<quint64> failed = 0;  ///< tries that failed
    std::atomic<quint64> retried = 0; ///< of these, those that another try followed
    std::atomic<quint64> buried = 0;  ///< tasks that became dead letters
    StoreGauges memory;
    StoreGauges database;
    std::atomic<bool> hasDatabase = false;
};

/// The stores that a broker works with. The one on disk may be missing.
struct BrokerStores
{
    Spill spill; ///< where results wait that are large
    std::unique_ptr<MemoryStore> memory = {};
    std::unique_ptr<TaskStore> durable = {};
    bool allInMemory = false; ///< the settings say so: delayed tasks as well
    bool allDurable = false;  ///< the same of the other
};

struct BrokerSettings
{
    quint64 taskMaxRequest = 0;      ///< a task worker is replaced after so many tasks; 0: never
    quint64 taskMaxRequestGrace = 0; ///< so many more at most, drawn for each
    /// One that stands still is given up after it: longer than a hook may take, which is no standstill.
    std::chrono::milliseconds standstillLimit = TaskLane::GivenUpAfter;
    /// Beyond so many bytes that a worker has not taken, it is told of ends without their results.
    qint64 mostUntaken = 64 * 1024 * 1024;
    ipc::ProcessPlan plan = {};
};

/// Takes tasks and events from all children, keeps them in its stores until they are due, hands them to the task
/// workers, and tells the deliverers how they ended. Lives in the broker's thread; others reach it by queued calls. Its
/// counters may be read from any thread.
class Broker final : public QObject, private TaskStore::Client, private BrokerLinkEvents
{
    Q_OBJECT
public:
    /// \a makeStores is called with the client that hears what becomes of what is added.
    Broker(const std::function<BrokerStores(TaskStore::Client &)> &makeStores, const BrokerSettings &settings);
    ~Broker() override;

    using OpenDatabase = std::function<Result<std::unique_ptr<TaskStore>>(TaskStore::Client &)>;
    /// The store on disk, if there was none. Error: what \a open has returned, and all is as it was.
    Result<void> openDatabase(const OpenDatabase &open);

    /// From now on these hold.
    void reconfigure(const BrokerSettings &settings);
    /// A child is ready; \a fd is the master's end of its channel to the broker, which it now owns.
    void addChild(int fd, std::shared_ptr<ipc::ChildPage> page, const LinkInfo &info);
    /// Task workers of \a generation get what is to be run from now on.
    void activate(int generation);
    /// Those of \a generation get some of it as well, until the next activate(); 0: no others do any more.
    void admit(int generation);
    /// A child gets nothing more; childDrained() follows when it has ended what it has begun.
    void drain(quint64 childId);
    /// The child is dead. \a how is for people; \a isOwnFault: it was no kill from outside.
    void childDied(quint64 childId, const QString &how, bool isOwnFault);
    /// The server stops: nothing more is handed out; stopped() follows when all that runs has ended.
    void stop();
    /// After stopped(): another broker takes over what waits. It is written to the store on disk, which is closed; what
    /// is delivered from now on is kept until forward() or resume() follows.
    void suspend();
    /// The other broker is at the end of \a fd: it gets what was kept, and what is delivered from now on.
    void forward(int fd);
    /// There is no other broker: this one goes on as before stop(). \a open as of openDatabase(), empty if there is
    /// none; if it fails, all stays as it is, and failure() says so: nothing is accepted that would not be on disk.
    Result<void> resume(const OpenDatabase &open);
    /// The last call, when all children are dead: what still waits in memory, and the dead letters there, go to the
    /// store on disk, if there is one, and the log is told what has become of them. It waits for the disk, for some
    /// seconds at most.
    void close();

    /// The dead letters of both stores.
    DeadLetterBox deadLetters() const { return {*m_stores.memory, m_stores.durable.get()}; }
    /// They have been revived or dropped: what waits again is handed out, and the counters follow.
    void deadLettersChanged() { m_dirty = true; }

    /// Whether a task, a dead letter or a result that nobody has heard of has its bytes in the file \a name of the
    /// spill folder. Nothing is known of what children have under way.
    bool namesSpillFile(const QByteArray &name) const;

    /// A custom process has printed what is for its pipe, behind \a lost bytes that found no way.
    void printed(const ipc::ChildIdentity &who, const QByteArray &bytes, qint64 lost)
    {
        m_post.printed(who, bytes, lost);
    }

    const BrokerCounters &counters() const { return m_counters; }
    /// Why durable tasks cannot be kept at present; nullopt if they can. Any thread.
    std::optional<QString> failure() const;
    const PostCounters &postCounters() const { return m_post.counters(); }
    /// Of pipes and queues of custom processes. Any thread.
    QList<ChannelFill> channelFill() const { return m_post.fill(); }

Q_SIGNALS:
    void childDrained(quint64 childId);
    /// A task has been running for longer than it may, or a task worker does not come to its tasks at all.
    void childStuck(quint64 childId, const QString &reason);
    /// A task worker has run as many tasks as it is to.
    void childUsedUp(quint64 childId, const QString &reason);
    /// The loop of a child's channel has ended.
    void childUnreachable(quint64 childId);
    void stopped();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    /// A task that has been taken from its store.
    struct Due
    {
        TaskStore *store = nullptr;
        const TaskRecord *record = nullptr;
    };

    // TaskStore::Client
    void taskAccepted(quint64 ticket) override;
    void taskRefused(quint64 ticket, const Error &error) override;

    // BrokerLinkEvents
    void delivered(BrokerLink &link, quint64 id, const ipc::DeliverMessage &message) override;
    void taskDone(BrokerLink &link, quint64 id, const ipc::TaskDoneMessage &message) override;
    void posted(BrokerLink &link, quint64 id, const ipc::PostMessage &message) override;
    void linkClosed(BrokerLink &link) override;

    /// The loop is about to block: what was gathered becomes true, and what is due leaves.
    void turnEnded();
    void pump();
    qsizetype freeRoom() const;
    TaskLane *laneFor();
    void armDueTimer();
    void watchLanes();
    /// One that begins nothing of what it was sent: others get it, and in the end it is given up.
    void watchStandstill(TaskLane &lane, quint64 nowNs);
    /// A try has failed: another follows, or it is a dead letter.
    void failed(TaskStore &store, const TaskRecord &record, quint32 attempts, quint32 resumeAt, const Error &error,
                bool isHopeless);
    void tellSender(const TaskRecord &record, quint32 attempts, const Result<void> &outcome,
                    const ipc::TaskDoneMessage *done);
    /// What was in a task worker that takes nothing more.
    void giveBack(const std::vector<TaskLane::Sent> &sent);
    void settle(TaskLane &lane, const QString &how, bool isOwnFault);
    /// A try has succeeded. \a outcome: whether its result, which is in \a done, is known.
    void succeeded(const TaskLane::Sent &sent, const Result<void> &outcome, const ipc::TaskDoneMessage &done);
    /// The same of one that only the gate of a dead task worker tells of.
    void succeededUnheard(const TaskLane::Sent &sent, bool mayHaveResult, const QString &taskWorker);
    void interrupted(const TaskLane::Sent &sent, const QString &how, bool isOwnFault);
    void checkDrained(TaskLane &lane);
    void checkStopped();
    void refuse(const DeliveryTicket &ticket, const Error &error);
    /// The second may be null.
    std::array<TaskStore *, 2> stores() const { return {m_stores.memory.get(), m_stores.durable.get()}; }
    void updateCounts();
    void shareKeys();
    void handOverTasks(const QDeadlineTimer &deadline);
    void handOverDead(const QDeadlineTimer &deadline);
    TaskStore *storeFor(quint8 flags, quint64 delayMs) const;
    /// Once: the settings keep in memory what was delivered to be durable.
    void tellUndurable(const QByteArray &name);
    /// Whether children of \a generation get work.
    bool isPresent(int generation) const
    {
        return generation == m_generation || (m_admitted != 0 && generation == m_admitted);
    }
    void activateLanes();
    BrokerLink *linkOf(quint64 childId) const;
    TaskLane *laneOf(quint64 childId) const;
    /// nullptr while there is none.
    BrokerLink *senderOf(const TaskRecord &record) const;
    /// Whether it is a worker of those that work now.
    bool isPresentWorker(const BrokerLink &link) const;
    /// What has ended while it was not there.
    void tellWaitingNews(BrokerLink &link);

    BrokerSettings m_settings;
    BrokerStores m_stores;
    PostOffice m_post;
    FinishBox m_finishes;
    std::vector<std::unique_ptr<BrokerLink>> m_links;
    std::vector<std::unique_ptr<TaskLane>> m_lanes; ///< of the task workers among them
    std::unordered_map<quint64, DeliveryTicket> m_tickets;
    std::unique_ptr<Forwarder> m_forwarder;           ///< from suspend() to resume()
    std::unordered_map<quint64, quint64> m_senders;   ///< of tasks whose end is to be told: the child
    std::unordered_map<quint64, int> m_interruptions; ///< of durable tasks whose task worker was killed
    std::vector<const TaskRecord *> m_taken;          ///< scratch
    std::vector<Due> m_due;                           ///< the same
    BrokerCounters m_counters;
    mutable std::mutex m_failureMutex;
    std::optional<QString> m_failure; ///< guarded by it
    QBasicTimer m_dueTimer;
    QBasicTimer m_watch;
    qint64 m_dueAt = 0; ///< what m_dueTimer waits for
    quint64 m_nextTicket = 1;
    int m_generation = 0;
    int m_admitted = 0; ///< another generation that gets work; 0: none
    bool m_dirty = false;
    bool m_stopping = false;
    bool m_stoppedTold = false;
    bool m_undurableTold = false;
};

} // namespace Quern::tasks
