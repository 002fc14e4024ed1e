#pragma once

#include "dispatch/pendingtable.h"
#include "dispatch/policy.h"
#include "dispatch/reactormeter.h"
#include "dispatch/routefaults.h"
#include "dispatch/streamingroutes.h"
#include "dispatch/workerentry.h"

#include <QBasicTimer>
#include <QObject>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace Quern::dispatch {

struct DispatchSettings
{
    DispatchMode mode = DispatchMode::Idle;
    int workerNum = 1;
    int reactorNum = 1;                   ///< of the whole server
    int queueSize = 8192;                 ///< requests that may wait for a worker
    qint64 queueBytes = 64 * 1024 * 1024; ///< their bytes, bodies included
    quint32 workerMaxConcurrency = 1024;  ///< requests of this reactor in flight in one worker, deferred ones too
    bool redeliver = false;               ///< an event that a dying worker had begun goes to another, and may run twice
    std::chrono::milliseconds requestTimeout{
        60000}; ///< from the last byte of the request to the first of its answer; 0: none
    /// For answers that wait for their clients: shared by the reactors.
    std::shared_ptr<OutputBudget> outputBudget = std::make_shared<OutputBudget>(OutputBudgetBytes);

    static constexpr qint64 OutputBudgetBytes = 16 * 1024 * 1024;
};

/// Counted by the reactor, read by any thread.
struct DispatchCounters
{
    std::atomic<quint64> requests = 0;     ///< taken from clients
    std::atomic<quint64> refused = 0;      ///< not taken because the queue was full: 503
    std::atomic<quint64> expired = 0;      ///< deadline passed: 504
    std::atomic<quint64> lost = 0;         ///< their worker died and they must not run twice: 502
    std::atomic<quint64> retried = 0;      ///< run again after their worker died
    std::atomic<quint64> redispatched = 0; ///< taken back before they had begun, and given to another worker
    std::atomic<quint64> queued = 0;       ///< waiting for a worker now
    std::atomic<quint64> inFlight = 0;     ///< pending now, waiting ones included
};

/// What is known about the death of a worker.
struct WorkerDeath
{
    QList<QByteArray> blamedRoutes; ///< their handler crashed it; empty if it was killed from outside
};

class EventLanes;

/// Does what workers want done for connections. Called in the reactor's thread.
class CommandSink
{
public:
    virtual ~CommandSink() = default;
    /// For the connection \a id, or for several; the rest of its body follows.
    /// \a moreFollow: others may have arrived with it.
    virtual void commandReceived(quint64 childId, quint64 id, const ipc::CommandMessage &message, bool moreFollow) = 0;
    virtual void commandBodyReceived(quint64 childId, QByteArrayView part) = 0;
    /// All that had arrived together has been given out.
    virtual void commandBatchEnded() = 0;
    /// Nothing more comes from it: a command that is not complete never will be.
    virtual void commandsEnded(quint64 childId) = 0;
};

/// Brings requests to workers and answers back, for one reactor: queue, choice of the worker, taking back, retry after
/// a crash, deadlines. Lives in its reactor thread.
class Dispatcher : public QObject, public WorkerLinkEvents
{
    Q_OBJECT
public:
    /// Requests that wait for the server itself.
    static constexpr int MaxOwn = 64;
    /// How often workers and deadlines are looked at while anything is pending.
    static constexpr std::chrono::milliseconds WatchInterval = std::chrono::milliseconds(10);
    /// A worker whose handler runs longer than this is given nothing more, and what waits behind it is taken back.
    static constexpr std::chrono::milliseconds RunLimit = std::chrono::milliseconds(10);
    /// The same for a worker that does not begin what it was sent: it may be stopped.
    static constexpr std::chrono::milliseconds StartLimit = std::chrono::milliseconds(20);

    Dispatcher(const DispatchSettings &settings, int reactorId, QObject *parent = nullptr);
    ~Dispatcher() override;

    /// Who brings events of connections to the same workers; null: nobody.
    void setLanes(EventLanes *lanes) { m_lanes = lanes; }
    /// Who does what workers want done for connections; null: nobody.
    void setCommandSink(CommandSink *sink) { m_commands = sink; }
    /// Who counts for the metrics, before there are workers; null: nobody.
    void setMeter(ReactorMeter *meter) { m_meter = meter; }
    /// Looks at workers and deadlines from time to time, while anything is under way.
    void watch();
    /// The worker has handled all events that it had.
    void eventsSettled(quint64 childId);

    /// Takes a request whose answer is \a awaited since then, which its deadline counts from; \a receiver hears its
    /// answer, not before this call has returned. Returns its id, or 0 if the queue is full.
    quint64 submit(RequestOrder order, base::MonotonicTime awaited, ResponseReceiver *receiver);
    /// The same for a request that the server answers, and no worker: ownRequested() follows. Returns 0 if too many
    /// wait.
    quint64 submitOwn(base::MonotonicTime awaited, ResponseReceiver *receiver);
    /// The answer to such a request: 200 with \a body, of \a type. Nothing happens if nobody waits any more.
    void answerOwn(quint64 id, QByteArrayView type, QByteArrayView body);
    /// An id for a request that is not submitted, so that the log and its error page can name it.
    quint64 spareId() { return m_table.spareId(); }
    /// The route of the request \a id, for the ReactorMeter, as far as it has been begun.
    metrics::RouteNumber routeOf(quint64 id) const;
    /// Nobody waits for the answer to \a id any more; its receiver hears nothing more.
    void abandon(quint64 id);
    /// \a bytes of the body of the answer to \a id have left: as many may follow.
    void grant(quint64 id, quint32 bytes);

    /// The next bytes of the body of the streamed request \a id. The caller holds back while bodyWaiting() is large.
    void appendBody(quint64 id, QByteArrayView bytes);
    /// That was all of it.
    void endBody(quint64 id, const QByteArray &trailers);
    /// Bytes of a streamed body that the worker has yet to take.
    qsizetype bodyWaiting(quint64 id) const;

    /// A new worker; it gets requests once activate() was called with its generation.
    void addWorker(std::unique_ptr<WorkerLink> link);
    /// From now on workers of \a generation get the requests, and no others.
    void activate(int generation);
    /// Those of \a generation get requests as well, until the next activate(); 0: no others do any more.
    void admit(int generation);
    /// From now on \a settings hold; the mode and the output budget stay as they are.
    void reconfigure(DispatchSettings settings);
    /// The same, if nothing but the number of workers has changed.
    void setWorkerNum(int workerNum);
    /// The worker gets nothing more; workerDrained() follows when it has answered all it had begun.
    void drain(quint64 childId);
    /// The server is stopping: event streams are to end, as their clients come back by themselves.
    void endEventStreams();
    /// The worker's process has ended. Settles its requests: new worker, 502, or a broken answer.
    void workerDied(quint64 childId, const WorkerDeath &death);
    /// Off: there will be no worker soon; what waits is answered 503, and new requests are refused.
    void setAvailable(bool available);

    /// Whether the request is for a handler that takes its body as it arrives, in each worker that may get it.
    bool streamsBody(const QByteArray &service, QByteArrayView method, QByteArrayView path) const
    {
        const auto streams = [&](const auto &routes) { return routes && routes->includes(service, method, path); };
        return streams(m_streamingRoutes) && (!m_admittedRoutes || streams(*m_admittedRoutes));
    }

    const DispatchCounters &counters() const { return m_counters; }
    bool isIdle() const;

Q_SIGNALS:
    /// answerOwn() is expected.
    void ownRequested(quint64 id);
    void workerDrained(quint64 childId);
    /// The worker's loop has been stuck for longer than the request timeout; \a reason names the handler.
    void workerStuck(quint64 childId, const QString &reason);
    /// The channel to it is closed: its process is ending, or is of no use any more.
    void workerUnreachable(quint64 childId);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void responseReceived(quint64 childId, quint64 requestId, const ipc::ResponseMessage &message) override;
    void responseBodyReceived(quint64 childId, quint64 requestId, QByteArrayView part) override;
    void responseEndReceived(quint64 childId, quint64 requestId, QByteArrayView trailers) override;
    void responseAbortReceived(quint64 childId, quint64 requestId) override;
    void deferredReceived(quint64 childId, quint64 requestId) override;
    void creditReceived(quint64 childId, quint64 requestId, quint32 bytes) override;
    void eventsDoneReceived(quint64 childId, quint64 sequence) override;
    void commandReceived(quint64 childId, quint64 id, const ipc::CommandMessage &message, bool moreFollow) override;
    void commandBodyReceived(quint64 childId, QByteArrayView part) override;
    void batchEnded(quint64 childId) override;
    void linkClosed(quint64 childId) override;

    static metrics::RouteNumber routeOf(const PendingRequest &request);
    WorkerEntry *workerOf(quint64 childId) const;
    PendingRequest *answeredBy(quint64 childId, quint64 requestId) const;

    bool isToServe(const WorkerEntry &worker) const;
    RequestQueue &queueFor(const RequestOrder &order);
    void enqueue(PendingRequest *request, bool atFront);
    void dequeue(PendingRequest *request);
    void pinAnew();
    void pump();
    void pump(RequestQueue &queue);
    void dispatch(PendingRequest *request, WorkerEntry *worker);
    /// How much of its answer the request's worker may send before it is asked for more.
    quint32 answerCredit(PendingRequest *request);
    void pumpStream(PendingRequest *request);
    /// Its deadline begins anew.
    void restartDeadline(PendingRequest *request);
    /// Takes the request off its worker's list.
    void detach(PendingRequest *request);
    void finish(PendingRequest *request);
    void learnRoutes();
    void fail(PendingRequest *request, int status);

    enum class Worker { Lives, IsDead };
    void takeBackUnclaimed(WorkerEntry *worker, Worker state);
    /// One worker that died with it was an accident, and so was the second.
    static constexpr quint8 MaxDeaths = 2;
    /// Its process is dead: nothing will answer what it has.
    void settle(WorkerEntry *worker);
    bool mayRunAgain(const PendingRequest &request, base::MonotonicTime now) const;
    void checkDrained(WorkerEntry *worker);
    void watchWorkers(base::MonotonicTime now);
    void expireOverdue(base::MonotonicTime now);
    void tellOfDeadline(const PendingRequest &request, base::MonotonicTime now);
    void reportIfStuck(WorkerEntry *worker, base::MonotonicTime now);

    DispatchSettings m_settings;
    EventLanes *m_lanes = nullptr;
    CommandSink *m_commands = nullptr;
    ReactorMeter *m_meter = nullptr;
    PendingTable m_table;
    std::unique_ptr<Policy> m_policy;
    base::MonotonicTime m_deadlineTold;                        ///< when the log last told of a late answer
    int m_untoldDeadlines = 0;                                 ///< since then
    std::vector<std::unique_ptr<WorkerEntry>> m_workers;       ///< sorted by worker number
    std::vector<std::unique_ptr<RequestQueue>> m_pinnedQueues; ///< by worker number, for the modes that pin
    RequestQueue m_queue;
    DeadlineQueue m_deadlines;
    RouteFaults m_faults;
    std::unique_ptr<StreamingRoutes> m_streamingRoutes; ///< of the present generation; null: it has none
    /// The same of the generation that is admitted beside it, while that is known.
    std::optional<std::unique_ptr<StreamingRoutes>> m_admittedRoutes;
    DispatchCounters m_counters;
    QBasicTimer m_watch;
    qint64 m_queuedBytes = 0;
    int m_queued = 0;
    int m_own = 0; ///< requests that wait for the server itself
    int m_reactorId;
    int m_generation = 0;
    int m_admitted = 0; ///< another generation whose workers get requests; 0: none
    bool m_available = true;
};

} // namespace Quern::dispatch
