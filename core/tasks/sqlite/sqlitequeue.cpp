#include "tasks/sqlite/sqlitestore.h"
#include "tasks/sqlite/taskrow.h"

#include <QSqlError>
#include <QVariant>

#include <algorithm>
#include <utility>

// The part of SqliteStore that hands tasks out: what waits, and which of it is in memory.

namespace Quern::tasks {

namespace {

/// Ends that may wait for a database that has failed: beyond it no task is handed out.
constexpr qsizetype mostEnds = 10'000;
/// How long a number of delayed tasks is good enough, in milliseconds.
constexpr qint64 countingInterval = 1'000;

} // namespace

qsizetype SqliteStore::held() const
{
    qsizetype count = qsizetype(m_taken.size());
    for (const qsizetype waiting : m_waiting)
        count += waiting;
    return count;
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
    m_delayed += record->dueMs > m_countedMs ? 1 : 0;
    m_windows.at(record->priority).offer(std::move(record));
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
            m_delayed -= taken.back()->dueMs > m_countedMs ? 1 : 0;
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
    if (m_ends > mostEnds)
        return next; // the commit that succeeds is followed by another question
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

} // namespace Quern::tasks
