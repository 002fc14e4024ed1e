#pragma once

#include "tasks/sqlite/duewindow.h"
#include "tasks/sqlite/taskdatabase.h"
#include "tasks/taskstore.h"

#include <QSet>

#include <array>
#include <memory>
#include <unordered_map>
#include <utility>
#include <variant>

namespace Quern::tasks {

class Spill;

/// The queue in a database of SQLite: what was accepted is kept, whatever becomes of this process or the machine.
/// Everything happens in the calls themselves, and commit() waits for the disk; so what is gathered meanwhile shares
/// the next one. Lives in the thread that opened it.
///
/// The rows of the database are what waits or runs; that a task runs stands nowhere in it, so that the next life runs
/// it again. In memory are the tasks that were taken, and of those that wait the first few thousand.
class SqliteStore final : public TaskStore
{
public:
    /// \a client and \a spill outlive the result. Errors as of TaskDatabase::open().
    static Result<std::unique_ptr<SqliteStore>> open(const QString &path, const StoreLimits &limits, Client &client,
                                                     const Spill &spill);
    ~SqliteStore() override;
    Q_DISABLE_COPY_MOVE(SqliteStore)

    void shareKeys(TaskStore *other) override { m_keySharer = other; }
    bool holdsKey(const QByteArray &key) override;
    void add(TaskRecord record, quint64 ticket) override;
    void finish(quint64 id) override;
    void retry(quint64 id, Retry retry) override;
    void bury(quint64 id, quint32 attempts, const QString &error, qint64 nowMs) override;
    void giveBack(std::span<const quint64> ids) override;
    void commit(qint64 nowMs) override;
    std::optional<qint64> commitDueMs() const override;
    qsizetype takeDue(qint64 nowMs, qsizetype limit, std::vector<const TaskRecord *> &taken) override;
    const TaskRecord *taken(quint64 id) const override;
    std::optional<qint64> nextDueMs() const override;
    TaskCounts counts(qint64 nowMs) override;
    std::optional<Error> failure() const override;
    Result<void> addDead(const std::vector<BuriedTask> &letters) override;
    void deadLetters(const DeadLetterQuery &query,
                     const std::function<void(const Result<DeadLetters> &)> &done) override;
    void deadPayload(quint64 id, const std::function<void(const Result<DeadPayload> &)> &done) override;
    void reviveDead(quint64 id, qint64 nowMs, const Count &done) override;
    void reviveAllDead(const QByteArray &name, qint64 nowMs, const Count &done) override;
    void dropDead(quint64 id, const Count &done) override;
    void dropAllDead(const QByteArray &name, const Count &done) override;
    bool namesSpillFile(const QByteArray &name) override;

private:
    struct Add
    {
        TaskRecord record;
        quint64 ticket;
        bool isAccepted = false; ///< once written
    };
    struct Finish
    {
        quint64 id;
    };
    struct Bury
    {
        quint64 id;
        quint32 attempts;
        QString error;
        qint64 nowMs;
    };
    struct RetryOf
    {
        quint64 id;
        Retry retry;
    };
    using Operation = std::variant<Add, Finish, Bury, RetryOf>;
    struct Taken
    {
        std::unique_ptr<TaskRecord> record;
        bool isEnding = false; ///< its end is gathered
    };
    struct Statements
    {
        QSqlQuery insert;
        QSqlQuery erase;
        QSqlQuery move; ///< to another due time
        QSqlQuery bury;
        QSqlQuery loadSameTime;
        QSqlQuery loadLater;
        QSqlQuery countDelayed;
        QSqlQuery namesSpill;
        QSqlQuery holdsKey;
        QSqlQuery oldestDead;
        QSqlQuery dropDeadUpTo;
    };

    SqliteStore(std::unique_ptr<TaskDatabase> database, const StoreLimits &limits, Client &client, const Spill &spill);
    Result<void> prepare();

    bool beginEnd(quint64 id);
    std::optional<Error> refusal() const;
    bool isTakenElsewhere(const QByteArray &uniqueKey) const;
    void refuse(const Add &add, const Error &error);
    Result<void> write();
    Result<void> write(Add &add);
    Result<void> write(const Finish &finish);
    Result<void> write(const Bury &bury);
    Result<void> write(const RetryOf &retry);
    /// Drops the oldest dead letters beyond the limit.
    Result<void> dropBeyondLimit();
    void apply(Add &add);
    void apply(const Finish &finish);
    void apply(const Bury &bury);
    void apply(const RetryOf &retry);
    void enqueue(std::unique_ptr<TaskRecord> record);
    void removeSpilled();
    void failed(const Error &error, qint64 nowMs);
    void works();

    /// Sees to it that the window of \a priority is empty only if nothing waits.
    void fill(size_t priority, qint64 nowMs);
    Result<void> load(size_t priority);
    Result<bool> loadRows(QSqlQuery &query, DueWindow &window);
    /// Counts what the database has, and forgets what was loaded of it.
    Result<void> recount();
    qsizetype held() const;

    Result<void> insertDead(const std::vector<BuriedTask> &letters);
    Result<void> dropBeyondLimitByTime();
    Result<DeadPayload> payloadOfDead(quint64 id);
    Result<qsizetype> revive(const QString &condition, const QVariant &value, qint64 nowMs);
    Result<bool> reviveOne(quint64 number, qint64 nowMs);
    Result<qsizetype> drop(const QString &condition, const QVariant &value);
    Result<void> transaction(const std::function<Result<void>()> &work);

    const std::unique_ptr<TaskDatabase> m_database;
    const StoreLimits m_limits;
    Client &m_client;
    const Spill &m_spill;
    Statements m_statements; ///< gone before the database is

    std::vector<Operation> m_operations;
    qsizetype m_adds = 0;         ///< of the operations
    QSet<QByteArray> m_addedKeys; ///< unique keys of these
    TaskStore *m_keySharer = nullptr;
    qsizetype m_ends = 0; ///< of the operations
    std::array<DueWindow, highestPriority + 1> m_windows;
    std::array<qsizetype, highestPriority + 1> m_waiting = {}; ///< rows of tasks that are not taken
    std::unordered_map<quint64, Taken> m_taken;
    qsizetype m_dead = 0;
    std::vector<std::pair<quint64, QByteArray>> m_dropped; ///< dead letters that the next commit drops: id and name
    std::vector<QByteArray> m_unneeded;                    ///< spill files to be removed after the commit

    std::optional<Error> m_failure;
    qint64 m_retryMs = 0;    ///< no further attempt at the database before it, once it has failed
    qint64 m_countedMs = -1; ///< when they were counted last; -1: not yet
    qsizetype m_delayed = 0; ///< of those that wait, how many are due later than m_countedMs
};

} // namespace Quern::tasks
