#include "tasks/sqlite/sqlitestore.h"

#include "tasks/log.h"
#include "tasks/spill.h"
#include "tasks/sqlite/taskrow.h"

#include <QSqlError>
#include <QVariant>

#include <algorithm>
#include <utility>

namespace Quern::tasks {

namespace {

/// How long a database that has failed is left alone, in milliseconds.
constexpr qint64 restAfterFailure = 1'000;
/// Ends that may wait for a database that has failed: beyond it no task is handed out.
constexpr qsizetype mostEnds = 10'000;
/// How long a number of delayed tasks is good enough, in milliseconds.
constexpr qint64 countingInterval = 1'000;

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

qsizetype SqliteStore::held() const
{
    qsizetype count = qsizetype(m_taken.size());
    for (const qsizetype waiting : m_waiting)
        count += waiting;
    return count;
}

std::optional<Error> SqliteStore::refusal() const
{
    if (held() + m_adds < m_limits.tasks)
        return std::nullopt;
    return Error(Error::Busy,
                 QStringLiteral("%1 durable tasks wait or run, and durable_max allows no more").arg(m_limits.tasks));
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
    if (const std::optional<Error> error = refusal()) {
        refuse(add, *error);
        return;
    }
    ++m_adds;
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

void SqliteStore::giveBack(std::span<const quint64> ids)
{
    for (const quint64 id : ids) {
        const auto it = m_taken.find(id);
        if (it == m_taken.end() || it->second.isEnding)
            continue;
        std::unique_ptr<TaskRecord> record = std::move(it->second.record);
        m_taken.erase(it);
        enqueue(std::move(record));
    }
}

void SqliteStore::enqueue(std::unique_ptr<TaskRecord> record)
{
    ++m_waiting.at(record->priority);
    m_windows.at(record->priority).offer(std::move(record));
}

std::optional<qint64> SqliteStore::commitDueMs() const
{
    return m_operations.empty() ? std::nullopt : std::optional(m_adds > 0 ? 0 : m_retryMs);
}

void SqliteStore::commit(qint64 nowMs)
{
    if (m_operations.empty())
        return;
    const bool isResting = m_failure && nowMs < m_retryMs;
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
        return;
    }
    works();
    m_adds = m_ends = 0;
    for (Operation &operation : m_operations)
        std::visit([this](auto &concrete) { apply(concrete); }, operation);
    m_operations.clear();
    m_dead -= qsizetype(m_dropped.size());
    logDroppedDeadLetters(std::exchange(m_dropped, {}));
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
        refuse(add, Error(Error::Exists,
                          key.isEmpty()
                              ? QStringLiteral("a task with the number %1 waits or runs already").arg(add.record.id)
                              : QStringLiteral("a task with the unique key %1 waits or runs already")
                                    .arg(QString::fromUtf8(key))));
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

qsizetype SqliteStore::takeDue(qint64 nowMs, qsizetype limit, std::vector<const TaskRecord *> &taken)
{
    qsizetype count = 0;
    if (m_ends > mostEnds)
        return count;
    for (size_t priority = m_windows.size(); priority-- > 0 && count < limit;) {
        DueWindow &window = m_windows.at(priority);
        fill(priority, nowMs);
        while (count < limit && !window.isEmpty() && window.dueMs() <= nowMs) {
            std::unique_ptr<TaskRecord> record = window.takeFirst();
            taken.push_back(record.get());
            const quint64 id = record->id;
            m_taken.insert_or_assign(id, Taken{std::move(record)});
            --m_waiting.at(priority);
            ++count;
            fill(priority, nowMs);
        }
    }
    return count;
}

const TaskRecord *SqliteStore::taken(quint64 id) const
{
    const auto it = m_taken.find(id);
    return it == m_taken.end() || it->second.isEnding ? nullptr : it->second.record.get();
}

void SqliteStore::fill(size_t priority, qint64 nowMs)
{
    DueWindow &window = m_windows.at(priority);
    if (!window.isEmpty() || window.isComplete())
        return;
    if (m_waiting.at(priority) == 0) {
        window.loadedAll();
        return;
    }
    if (m_failure && nowMs < m_retryMs)
        return;
    while (window.isEmpty() && !window.isComplete()) {
        if (const Result<void> loaded = load(priority); !loaded) {
            failed(loaded.error(), nowMs);
            return;
        }
    }
}

Result<void> SqliteStore::load(size_t priority)
{
    DueWindow &window = m_windows.at(priority);
    QSqlQuery &sameTime = m_statements.loadSameTime;
    sameTime.bindValue(0, int(priority));
    sameTime.bindValue(1, window.end().dueMs);
    sameTime.bindValue(2, qint64(window.end().id));
    sameTime.bindValue(3, qint64(DueWindow::MostTasks));
    const Result<bool> isMore = loadRows(sameTime, window);
    if (!isMore || *isMore)
        return isMore ? Result<void>() : isMore.error();
    QSqlQuery &later = m_statements.loadLater;
    later.bindValue(0, int(priority));
    later.bindValue(1, window.end().dueMs);
    later.bindValue(2, qint64(DueWindow::MostTasks));
    const Result<bool> isMoreLater = loadRows(later, window);
    if (!isMoreLater)
        return isMoreLater.error();
    if (!*isMoreLater)
        window.loadedAll();
    return {};
}

/// Returns whether the statement may have more to show: the window or its limit has ended it.
Result<bool> SqliteStore::loadRows(QSqlQuery &query, DueWindow &window)
{
    if (const Result<void> done = m_database->run(query); !done)
        return done.error();
    size_t rows = 0;
    bool hasRoom = true;
    while (hasRoom && query.next()) {
        ++rows;
        auto record = std::make_unique<TaskRecord>(readTask(query));
        // A row whose task was taken does not wait, though the window has been behind it since.
        if (m_taken.contains(record->id))
            window.loadedUpTo(DueWindow::placeOf(*record));
        else
            hasRoom = window.load(std::move(record));
    }
    const QSqlError error = query.lastError();
    query.finish();
    if (error.isValid())
        return Error(Error::Io, QStringLiteral("%1: %2").arg(m_database->path(), error.databaseText()));
    return !hasRoom || rows >= DueWindow::MostTasks;
}

std::optional<qint64> SqliteStore::nextDueMs() const
{
    std::optional<qint64> next;
    for (size_t priority = 0; priority < m_windows.size(); ++priority) {
        if (m_waiting.at(priority) == 0)
            continue;
        const DueWindow &window = m_windows.at(priority);
        const qint64 due = window.isEmpty() ? m_retryMs : window.dueMs();
        next = std::min(next.value_or(due), due);
    }
    return next;
}

Result<void> SqliteStore::recount()
{
    m_waiting = {};
    for (DueWindow &window : m_windows)
        window.reset();
    Result<QSqlQuery> query =
        m_database->prepare(QStringLiteral("SELECT priority, count(*) FROM task GROUP BY priority"));
    if (!query)
        return query.error();
    if (const Result<void> done = m_database->run(*query); !done)
        return done;
    while (query->next())
        m_waiting.at(size_t(std::clamp<int>(query->value(0).toInt(), 0, highestPriority))) +=
            query->value(1).toLongLong();
    for (const auto &[id, taken] : m_taken)
        --m_waiting.at(taken.record->priority);
    const Result<QVariant> dead = m_database->value(QStringLiteral("SELECT count(*) FROM dead"));
    if (!dead)
        return dead.error();
    m_dead = dead->toLongLong();
    m_countedMs = -1;
    for (size_t priority = 0; priority < m_windows.size(); ++priority)
        fill(priority, 0);
    return m_failure ? Result<void>(*m_failure) : Result<void>();
}

TaskCounts SqliteStore::counts(qint64 nowMs)
{
    if (m_countedMs < 0 || nowMs < m_countedMs || nowMs - m_countedMs >= countingInterval) {
        m_delayed = 0;
        m_countedMs = nowMs;
        for (size_t priority = 0; priority < m_windows.size(); ++priority) {
            QSqlQuery &query = m_statements.countDelayed;
            query.bindValue(0, int(priority));
            query.bindValue(1, nowMs);
            if (m_waiting.at(priority) > 0 && m_database->run(query) && query.next())
                m_delayed += query.value(0).toLongLong();
            query.finish();
        }
        // The clock may have been set back since they were taken.
        for (const auto &[id, taken] : m_taken)
            m_delayed -= taken.record->dueMs > nowMs ? 1 : 0;
    }
    const qsizetype waiting = held() - qsizetype(m_taken.size());
    const qsizetype delayed = std::clamp<qsizetype>(m_delayed, 0, waiting);
    return {waiting - delayed, delayed, qsizetype(m_taken.size()), m_dead};
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
