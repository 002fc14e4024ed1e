#pragma once

#include "tasks/deadletter.h"
#include "tasks/taskrecord.h"

#include <Quern/result.h>

#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace Quern::tasks {

/// What a store may hold; more is refused.
struct StoreLimits
{
    qsizetype tasks = 100'000;      ///< that wait or run
    qint64 memory = 256 << 20;      ///< bytes of payloads in memory; only a store in memory is bound by it
    qsizetype deadLetters = 10'000; ///< beyond it the oldest goes
};

struct TaskCounts
{
    qsizetype queued = 0;  ///< due, and waiting for a worker
    qsizetype delayed = 0; ///< waiting for their time
    qsizetype taken = 0;   ///< handed out
    qsizetype dead = 0;

    bool operator==(const TaskCounts &) const = default;
};

/// A try that has failed, and that another one follows.
struct Retry
{
    quint32 attempts = 0; ///< that have ended by now
    qint64 dueMs = 0;
    quint32 resumeAt = 0;
    QString error;
};

/// A dead letter as its store has it.
struct BuriedTask
{
    TaskRecord record;
    qint64 buriedMs = 0;
};

/// Where tasks wait for their turn: the interface of all drivers. It knows no worker and no socket. Lives in the
/// broker's thread, as its client; destroyed, it forgets what was not committed.
///
/// It is made for drivers that are far away as well: add(), finish(), retry() and bury() are gathered and become true
/// with the next commit(), and answers come through calls back, at once or later. A try is lost with the process and
/// the task is not: what was taken is queued again in the store's next life.
class TaskStore
{
public:
    /// Hears what becomes of each add(), once each, in their order: within add(), within commit() or later. It must not
    /// call the store from there.
    class Client
    {
    public:
        virtual ~Client() = default;
        /// From now on the store answers for the task.
        virtual void taskAccepted(quint64 ticket) = 0;
        /// Nothing of the task is kept, its spill file neither. Error::Exists: its unique key is that of a task that
        /// waits or runs; Error::Busy: the store is full; Error::Io with the reason.
        virtual void taskRefused(quint64 ticket, const Error &error) = 0;
    };
    using Count = std::function<void(const Result<qsizetype> &)>;

    virtual ~TaskStore() = default;

    /// The unique keys of \a other, which outlives this one's use, are taken here as well. Null: no other's.
    virtual void shareKeys(TaskStore *other) = 0;
    /// Whether a task with the unique key \a key waits or runs, or is added and not committed yet.
    virtual bool holdsKey(const QByteArray &key) = 0;

    /// \a ticket comes back with the outcome. The store owns the record's spill file from here on.
    virtual void add(TaskRecord record, quint64 ticket) = 0;

    /// The three ends of a task that was taken; for any other id nothing happens. The record's pointer ends with it.
    virtual void finish(quint64 id) = 0;
    virtual void retry(quint64 id, Retry retry) = 0;
    /// It becomes a dead letter, the newest one.
    virtual void bury(quint64 id, quint32 attempts, const QString &error, qint64 nowMs) = 0;
    /// The try has not taken place: the tasks wait as before, at once. Best in the order in which they were taken.
    virtual void giveBack(std::span<const quint64> ids) = 0;

    /// Makes all that was gathered true; with nothing gathered it costs nothing. To be called once a turn of the event
    /// loop. If it fails, what was added is refused, and the ends wait for the next commit.
    virtual void commit(qint64 nowMs) = 0;
    /// When commit() is to be called next: 0 for as soon as possible, nullopt if nothing is gathered.
    virtual std::optional<qint64> commitDueMs() const = 0;

    /// Appends up to \a limit tasks that are due to \a taken and returns how many: by priority, the highest first, then
    /// by due time, then as they came. None is handed out twice until it is given back or retried. The pointers are
    /// good until the task's end.
    virtual qsizetype takeDue(qint64 nowMs, qsizetype limit, std::vector<const TaskRecord *> &taken) = 0;
    /// The record of a task that was taken and has not ended; else null.
    virtual const TaskRecord *taken(quint64 id) const = 0;
    /// When takeDue() has something to give, which may be in the past; nullopt if nothing waits.
    virtual std::optional<qint64> nextDueMs() const = 0;

    virtual TaskCounts counts(qint64 nowMs) = 0;
    /// Why the store does not work at present; nullopt if it does.
    virtual std::optional<Error> failure() const = 0;

    /// Takes over dead letters of another store, the oldest first, with their spill files, at once. Of all that are
    /// here then the oldest go beyond the limit. If it fails, none was taken.
    virtual Result<void> addDead(const std::vector<BuriedTask> &letters) = 0;
    virtual void deadLetters(const DeadLetterQuery &query,
                             const std::function<void(const Result<DeadLetters> &)> &done) = 0;
    /// The payload of the dead letter of task \a id. Error::NotFound if there is none.
    virtual void deadPayload(quint64 id, const std::function<void(const Result<DeadPayload> &)> &done) = 0;
    /// Queues the dead letter of task \a id again, due now and with all its tries before it. Error::NotFound,
    /// Error::Exists, Error::Busy as for add(): then it stays dead.
    virtual void reviveDead(quint64 id, qint64 nowMs, const Count &done) = 0;
    /// The same with all that have the name \a name, or with all if it is empty. Tells how many: those that there is no
    /// room for, or whose unique key is taken, stay dead.
    virtual void reviveAllDead(const QByteArray &name, qint64 nowMs, const Count &done) = 0;
    /// Forgets the dead letter of task \a id, and its payload. Error::NotFound.
    virtual void dropDead(quint64 id, const Count &done) = 0;
    /// The same with all that have the name \a name, or with all if it is empty. Tells how many.
    virtual void dropAllDead(const QByteArray &name, const Count &done) = 0;
    /// Whether a task or a dead letter has its payload in the file \a name of the spill folder.
    virtual bool namesSpillFile(const QByteArray &name) = 0;
};

} // namespace Quern::tasks
