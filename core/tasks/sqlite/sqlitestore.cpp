#include "tasks/sqlite/sqlitestore.h"

#include "tasks/log.h"
#include "tasks/spill.h"
#include "tasks/sqlite/taskrow.h"

#include <QVariant>

#include <algorithm>
#include <utility>

namespace Quern::tasks {

namespace {

/// How long a database that has failed is left alone, in milliseconds.
constexpr qint64 restAfterFailure = 1'000;
} // namespace

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const QString &path, const StoreLimits &limits, Client &client,
                                                       const Spill &spill)
{
    Result<std::unique_ptr<TaskDatabase>> database = TaskDatabase::open(path);
    if (!database)
        return database.error();
    std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(*database), limits, client, spill));
    if (const Result<void> prepared = store->prepare(); !prepared)
        return prepared.error();
    if (isInMemory(path)) {
        qCWarning(logTasks).noquote() << QStringLiteral(
                                             "the database of tasks %1 lies in memory: durable tasks will not "
                                             "survive a restart of the machine; name a file on a disk in "
                                             "tasks.database")
                                             .arg(path);
    }
    return store;
}

SqliteStore::SqliteStore(std::unique_ptr<TaskDatabase> database, const StoreLimits &limits, Client &client,
                         const Spill &spill)
    : m_database(std::move(database))
    , m_limits(limits)
    , m_client(client)
    , m_spill(spill)
{
}

SqliteStore::~SqliteStore() = default;

Result<void> SqliteStore::prepare()
{
    const QString columns = taskColumns();
    const QString buried = taskColumnsWith({QStringLiteral("attempts = ?"), QStringLiteral("error = ?")});
    const std::pair<QSqlQuery *, QString> statements[] = {
        {&m_statements.insert,
         QStringLiteral("INSERT INTO task (%1) VALUES (%2) ON CONFLICT DO NOTHING").arg(columns, taskPlaceholders())},
        {&m_statements.erase, QStringLiteral("DELETE FROM task WHERE id = ?")},
        {&m_statements.move,
         QStringLiteral("UPDATE task SET due = ?, attempts = ?, resume_at = ?, error = ? WHERE id = ?")},
        {&m_statements.bury,
         QStringLiteral("INSERT INTO dead (%1, buried) SELECT %2, ? FROM task WHERE id = ?").arg(columns, buried)},
        // Two, since SQLite would search for (due, id) > (?, ?) by the first of them only: slow if many are due
        // together.
        {&m_statements.loadSameTime, QStringLiteral("SELECT %1 FROM task WHERE priority = ? AND due = ? AND id > ? "
                                                    "ORDER BY id LIMIT ?")
                                         .arg(columns)},
        {&m_statements.loadLater,
         QStringLiteral("SELECT %1 FROM task WHERE priority = ? AND due > ? ORDER BY due, id LIMIT ?").arg(columns)},
        {&m_statements.countDelayed, QStringLiteral("SELECT count(*) FROM task WHERE priority = ? AND due > ?")},
        {&m_statements.namesSpill,
         QStringLiteral("SELECT 1 FROM task WHERE spill = ? UNION ALL SELECT 1 FROM dead WHERE spill = ?")},
        {&m_statements.holdsKey, QStringLiteral("SELECT 1 FROM task WHERE unique_key = ?")},
        {&m_statements.oldestDead, QStringLiteral("SELECT number, id, name, spill FROM dead ORDER BY number LIMIT ?")},
        {&m_statements.dropDeadUpTo, QStringLiteral("DELETE FROM dead WHERE number <= ?")},
    };
    for (const auto &[query, text] : statements) {
        Result<QSqlQuery> prepared = m_database->prepare(text);
        if (!prepared)
            return prepared.error();
        *query = std::move(*prepared);
    }
    return recount();
}

std::optional<Error> SqliteStore::refusal() const
{
    if (held() + m_adds < m_limits.tasks)
        return std::nullopt;
    return Error(Error::Busy,
                 QStringLiteral("%1 durable tasks wait or run, and durable_max allows no more").arg(m_limits.tasks));
}

bool SqliteStore::isTakenElsewhere(const QByteArray &uniqueKey) const
{
    return !uniqueKey.isEmpty() && m_keySharer && m_keySharer->holdsKey(uniqueKey);
}

bool SqliteStore::holdsKey(const QByteArray &key)
{
    if (m_addedKeys.contains(key))
        return true;
    QSqlQuery &query = m_statements.holdsKey;
    query.bindValue(0, key);
    const bool isHeld = m_database->run(query) && query.next();
    query.finish();
    return isHeld;
}

void SqliteStore::refuse(const Add &add, const Error &error)
{
    if (!add.record.spillFile.isEmpty())
        m_spill.remove(add.record.spillFile);
    m_client.taskRefused(add.ticket, error);
}

void SqliteStore::add(TaskRecord record, quint64 ticket)
{
    record.priority = std::min(record.priority, highestPriority);
    Add add{std::move(record), ticket};
    std::optional<Error> error = refusal();
    if (!error && isTakenElsewhere(add.record.uniqueKey))
        error = keyTaken(add.record.uniqueKey);
    if (error) {
        refuse(add, *error);
        return;
    }
    ++m_adds;
    if (!add.record.uniqueKey.isEmpty())
        m_addedKeys.insert(add.record.uniqueKey);
    m_operations.emplace_back(std::move(add));
}

/// Whether the task was taken and this is its first end.
bool SqliteStore::beginEnd(quint64 id)
{
    const auto it = m_taken.find(id);
    if (it == m_taken.end() || std::exchange(it->second.isEnding, true))
        return false;
    ++m_ends;
    return true;
}

void SqliteStore::finish(quint64 id)
{
    if (beginEnd(id))
        m_operations.emplace_back(Finish{id});
}

void SqliteStore::retry(quint64 id, Retry retry)
{
    if (beginEnd(id))
        m_operations.emplace_back(RetryOf{id, std::move(retry)});
}

void SqliteStore::bury(quint64 id, quint32 attempts, const QString &error, qint64 nowMs)
{
    if (beginEnd(id))
        m_operations.emplace_back(Bury{id, attempts, error, nowMs});
}

std::optional<qint64> SqliteStore::commitDueMs() const
{
    return m_operations.empty() ? std::nullopt : std::optional(m_adds > 0 ? 0 : m_retryMs);
}

void SqliteStore::commit(qint64 nowMs)
{
    const bool isResting = m_failure && nowMs < m_retryMs;
    if (m_operations.empty() || (isResting && m_adds == 0))
        return;
    if (const Result<void> written = isResting ? *m_failure : write(); !written) {
        if (!isResting) {
            m_database->rollback();
            failed(written.error(), nowMs);
        }
        // Who waits for an answer gets one now; the ends are true whenever the database can be told of them.
        m_unneeded.clear();
        m_dropped.clear();
        std::vector<Operation> ends;
        for (Operation &operation : std::exchange(m_operations, {})) {
            if (const Add *add = std::get_if<Add>(&operation))
                refuse(*add, written.error());
            else
                ends.push_back(std::move(operation));
        }
        m_operations = std::move(ends);
        m_adds = 0;
        m_addedKeys.clear();
        return;
    }
    works();
    m_adds = m_ends = 0;
    m_addedKeys.clear();
    for (Operation &operation : m_operations)
        std::visit([this](auto &concrete) { apply(concrete); }, operation);
    m_operations.clear();
    m_dead -= qsizetype(m_dropped.size());
    logDroppedDeadLetters(std::exchange(m_dropped, {}), QStringLiteral("there are more than dead_letter_max"));
    removeSpilled();
    for (size_t priority = 0; priority < m_windows.size(); ++priority)
        fill(priority, nowMs);
}

Result<void> SqliteStore::write()
{
    if (const Result<void> begun = m_database->begin(); !begun)
        return begun;
    bool isBurying = false;
    for (Operation &operation : m_operations) {
        const Result<void> written = std::visit([this](auto &concrete) { return write(concrete); }, operation);
        if (!written)
            return written;
        isBurying = isBurying || std::holds_alternative<Bury>(operation);
    }
    if (isBurying) {
        if (const Result<void> dropped = dropBeyondLimit(); !dropped)
            return dropped;
    }
    return m_database->commit();
}

Result<void> SqliteStore::write(Add &add)
{
    bindTask(m_statements.insert, add.record);
    const Result<void> done = m_database->run(m_statements.insert);
    add.isAccepted = done && m_statements.insert.numRowsAffected() == 1;
    return done;
}

Result<void> SqliteStore::write(const Finish &finish)
{
    m_statements.erase.bindValue(0, qint64(finish.id));
    return m_database->run(m_statements.erase);
}

Result<void> SqliteStore::write(const Bury &bury)
{
    QSqlQuery &query = m_statements.bury;
    query.bindValue(0, bury.attempts);
    query.bindValue(1, bury.error);
    query.bindValue(2, bury.nowMs);
    query.bindValue(3, qint64(bury.id));
    const Result<void> copied = m_database->run(query);
    return copied ? write(Finish{bury.id}) : copied;
}

Result<void> SqliteStore::write(const RetryOf &retry)
{
    QSqlQuery &query = m_statements.move;
    query.bindValue(0, retry.retry.dueMs);
    query.bindValue(1, retry.retry.attempts);
    query.bindValue(2, retry.retry.resumeAt);
    query.bindValue(3, retry.retry.error);
    query.bindValue(4, qint64(retry.id));
    return m_database->run(query);
}

void SqliteStore::apply(Add &add)
{
    if (!add.isAccepted) {
        const QByteArray &key = add.record.uniqueKey;
        refuse(add, key.isEmpty()
                        ? Error(Error::Exists,
                                QStringLiteral("a task with the number %1 waits or runs already").arg(add.record.id))
                        : keyTaken(key));
        return;
    }
    enqueue(std::make_unique<TaskRecord>(std::move(add.record)));
    m_client.taskAccepted(add.ticket);
}

void SqliteStore::apply(const Finish &finish)
{
    const auto taken = m_taken.extract(finish.id);
    const QByteArray &spillFile = taken.mapped().record->spillFile;
    if (!spillFile.isEmpty())
        m_unneeded.push_back(spillFile);
}

void SqliteStore::apply(const Bury &bury)
{
    // Its payload goes with it.
    m_taken.erase(bury.id);
    ++m_dead;
}

void SqliteStore::apply(const RetryOf &retry)
{
    std::unique_ptr<TaskRecord> record = std::move(m_taken.extract(retry.id).mapped().record);
    record->dueMs = retry.retry.dueMs;
    record->attempts = retry.retry.attempts;
    record->resumeAt = retry.retry.resumeAt;
    record->lastError = retry.retry.error;
    enqueue(std::move(record));
}

void SqliteStore::removeSpilled()
{
    for (const QByteArray &name : m_unneeded)
        m_spill.remove(name);
    m_unneeded.clear();
}

void SqliteStore::failed(const Error &error, qint64 nowMs)
{
    m_retryMs = nowMs + restAfterFailure;
    if (!m_failure)
        qCCritical(logTasks).noquote() << QStringLiteral("the database of tasks fails: %1").arg(error.message());
    m_failure = Error(Error::Io, error.message());
}

void SqliteStore::works()
{
    if (!m_failure)
        return;
    m_failure.reset();
    m_retryMs = 0;
    qCInfo(logTasks).noquote() << QStringLiteral("the database of tasks works again: %1").arg(m_database->path());
}

std::optional<Error> SqliteStore::failure() const
{
    return m_failure;
}

bool SqliteStore::namesSpillFile(const QByteArray &name)
{
    QSqlQuery &query = m_statements.namesSpill;
    query.bindValue(0, QString::fromLatin1(name));
    query.bindValue(1, QString::fromLatin1(name));
    // In doubt it is kept.
    const bool isNamed = !m_database->run(query) || query.next();
    query.finish();
    return isNamed;
}

} // namespace Quern::tasks
