#pragma once

#include <Quern/result.h>

#include <QDateTime>
#include <QJsonObject>
#include <QList>
#include <QString>
#include <QStringList>

#include <chrono>
#include <optional>

namespace Quern::admin {

/// One thread of the master that owns client connections.
struct ReactorStatus
{
    int id = 0;             ///< from 0
    qint64 connections = 0; ///< open now
    qint64 queued = 0;      ///< requests that wait for a worker now
    qint64 requests = 0;    ///< received since the start

    bool operator==(const ReactorStatus &) const = default;
};

/// One child of the master, or the place of one that is to be started again.
struct WorkerStatus
{
    enum class State {
        Starting, ///< loads its plugins
        Ready,    ///< takes requests
        Draining, ///< finishes its requests and takes no more
        Waiting,  ///< dead; its next start is due after a back-off
        Fatal,    ///< ended too often as soon as it began: not started again before the next reload
    };

    int id = 0;         ///< from 0, among those of its role
    QString name;       ///< "worker 0", "task worker 1", "timer", "process mailer 0"
    qint64 pid = 0;     ///< 0 while there is no process
    int generation = 0; ///< 1 at start, one more with each reload
    State state = State::Starting;
    int inFlight = 0;        ///< requests sent to it and not answered
    qint64 requests = 0;     ///< answered since the process started
    int restarts = 0;        ///< of its place, since its generation started
    qint64 rssBytes = 0;     ///< resident memory
    double rssPerMinute = 0; ///< bytes of it won or lost per minute lately
    double cpuPercent = 0;   ///< of one processor, lately
    QString lastExit;        ///< how the process before ended, for people; empty if there was none
    /// "oldestMs": age of the oldest request, event or task that it has begun, and neither begun to answer nor ended; 0
    /// if there is none.
    std::chrono::milliseconds oldest{0};
    /// What it runs now, for people: "GET /slow"; if nothing, the oldest of what it is to answer later; else empty.
    QString work = {};
    /// Of lastExit, as metrics name it: "crashed", "memory"; empty if there was none, or it is not known.
    QString lastReason = {};
    /// How often one that worked has been replaced at its place, since its generation started: max_request, a memory
    /// limit, a command. Not among the restarts.
    int replacements = 0;

    /// Both together, as people are told.
    int successions() const { return restarts + replacements; }

    bool operator==(const WorkerStatus &) const = default;
};

/// How the children of one kind are together: workers, task workers, the timer, or the copies of one custom process.
struct PoolStatus
{
    enum class State {
        Ok,
        Degraded, ///< some of them do not work, or end as soon as they start
        Failed,   ///< none works, and none is about to
    };

    QString name; ///< "workers", "task workers", "timer", "process mailer"
    State state = State::Ok;
    int ready = 0;
    int size = 0;   ///< how many there are to be now
    int least = 0;  ///< how few there are to be when nothing waits
    int most = 0;   ///< how many there may be while work waits; as least: their number is fixed
    QString reason; ///< for people; empty while all is well

    bool operator==(const PoolStatus &) const = default;
};

/// A cron job, as the timer process has told last.
struct CronJobStatus
{
    QString name;
    QString schedule;              ///< for people: "every 10 ms", "0 3 * * *"
    std::optional<QDateTime> next; ///< when it is due, UTC; none: it is paused, stopped, or never due again
    std::optional<QDateTime> last; ///< when its last run that has ended began, UTC; none: none has
    qint64 durationUs = 0;         ///< of that run
    QString error;                 ///< of that run; empty: it went well
    qint64 runs = 0;               ///< that have ended, failed ones included
    qint64 failures = 0;           ///< of these
    qint64 skipped = 0;            ///< due times without a run
    int running = 0;               ///< runs under way
    bool paused = false;           ///< by command
    bool stopped = false;          ///< by itself, until the next start or reload

    /// Of {"cron": […]}, see EndpointSchema.
    static QJsonObject listSchema();

    bool operator==(const CronJobStatus &) const = default;
};

/// What waits in the pipes and the queue of one custom process, of all its copies.
struct ChannelStatus
{
    QString process;
    qint64 queueItems = 0;
    qint64 queueCapacity = 0; ///< items; 0: it has no queue
    qint64 inputBytes = 0;    ///< written to it, and not yet read by it
    qint64 outputBytes = 0;   ///< written or printed by it, and not yet read
    qint64 pipeCapacity = 0;  ///< bytes that may wait in each direction; 0: it has no pipe
    qint64 printedLost = 0;   ///< bytes that it has printed and nobody has read, since the start

    bool operator==(const ChannelStatus &) const = default;
};

/// A table in shared memory.
struct TableStatus
{
    QString name;
    qint64 rows = 0;        ///< in it now
    qint64 size = 0;        ///< rows that it holds at most
    qint64 memory = 0;      ///< bytes that it has taken so far
    qint64 memoryLimit = 0; ///< bytes that it can take

    bool operator==(const TableStatus &) const = default;
};

/// A plugin that the workers have loaded.
struct PluginStatus
{
    QString name;
    QString version;

    bool operator==(const PluginStatus &) const = default;
};

/// Counters since the start of the server.
struct Totals
{
    qint64 connections = 0;     ///< accepted
    qint64 requests = 0;        ///< received
    qint64 refused = 0;         ///< answered 503, for want of room in a queue or under max_conn
    qint64 redispatched = 0;    ///< given to another worker before they were begun
    qint64 retried = 0;         ///< run again after their worker had died
    qint64 failed = 0;          ///< answered 502, since their worker had died
    qint64 timedOut = 0;        ///< answered 504
    qint64 events = 0;          ///< of WebSockets, streams and datagrams that handlers have been called for
    qint64 eventsMoved = 0;     ///< given to another worker, since theirs died or left
    qint64 eventsLost = 0;      ///< begun by a worker that died, or datagrams that found no room
    qint64 messages = 0;        ///< between processes, taken
    qint64 messagesRefused = 0; ///< too many of them waited

    bool operator==(const Totals &) const = default;
};

/// What one store of tasks holds now.
struct TaskStoreStatus
{
    QString name;       ///< "memory" or "database"
    qint64 queued = 0;  ///< due, and waiting for a task worker
    qint64 delayed = 0; ///< waiting for their time
    qint64 running = 0; ///< sent to a task worker
    qint64 dead = 0;    ///< dead letters

    bool operator==(const TaskStoreStatus &) const = default;
};

/// Background tasks and events: what has become of them since the start of the server, and where they are.
struct TaskStatus
{
    qint64 delivered = 0; ///< accepted
    qint64 refused = 0;
    qint64 done = 0;
    qint64 failed = 0;             ///< tries that failed
    qint64 retried = 0;            ///< of these, those that another try followed
    qint64 buried = 0;             ///< tasks that became dead letters
    QList<TaskStoreStatus> stores; ///< memory first; the database only if there is one
    QString failure;               ///< why the database cannot keep tasks at present; empty if it can

    bool operator==(const TaskStatus &) const = default;
};

/// What happened per second within one window up to now.
struct Rates
{
    std::chrono::milliseconds window{0}; ///< "windowMs"
    double requests = 0;
    double connections = 0; ///< accepted
    double errors = 0;      ///< answered 502, 503 or 504 by the server itself

    bool operator==(const Rates &) const = default;
};

/// How the server is: the result of server.status.
struct Status
{
    enum class State {
        Starting,  ///< not every worker has been ready yet
        Running,   ///< all is well
        Reloading, ///< new workers come up beside the old ones
        Stopping,  ///< no request is taken any more
        Degraded,  ///< it serves, but something is wrong: the sentence says what
    };

    qint64 pid = 0; ///< of the master
    QString version;
    State state = State::Starting;
    QString sentence;                    ///< the server's health, for people
    bool draining = false;               ///< clients are to go elsewhere
    bool watching = false;               ///< it reloads by itself when its files change
    bool polling = false;                ///< it looks at some of them again and again, as no events tell of changes
    QString reloadFailure;               ///< why the last reload failed; empty if it did not
    QDateTime startedAt;                 ///< UTC, to the millisecond
    std::chrono::milliseconds uptime{0}; ///< "uptimeMs"
    int generation = 0;                  ///< of the workers that take new requests
    QString configFile;                  ///< absolute; empty without a file
    QStringList listeners;               ///< "http://127.0.0.1:5200/", "unix:/run/app.sock", "tcp [::1]:5201"
    QStringList api;                     ///< of the management API: "http://127.0.0.1:5210/api/v1"
    QList<PluginStatus> plugins;         ///< in the order of the settings
    QList<ReactorStatus> reactors;
    QList<WorkerStatus> workers;   ///< that answer requests
    QList<WorkerStatus> processes; ///< task workers, timer, custom processes
    QList<PoolStatus> pools;       ///< of the generation that serves
    QList<CronJobStatus> cron;     ///< empty if there is no timer process
    QList<ChannelStatus> channels; ///< of the custom processes that have a pipe or a queue
    QList<TableStatus> tables;     ///< in the order of the settings
    Totals totals;
    TaskStatus tasks;
    QList<Rates> rates; ///< over about 10 s, and over about a minute; less if it has just started

    QJsonObject toJson() const;
    /// Error::Protocol names the member and what is wrong with it: "workers[1].pid: must be …".
    static Result<Status> fromJson(const QJsonObject &json);
    /// See EndpointSchema.
    static QJsonObject schema();

    bool operator==(const Status &) const = default;
};

} // namespace Quern::admin
