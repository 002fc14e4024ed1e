#pragma once

#include "tasks/memorystore.h"
#include "tasks/spill.h"
#include "tasks/sqlite/sqlitestore.h"

#include <QDir>
#include <QHash>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

namespace Quern::tasks {

/// The time at which the tests happen.
inline constexpr qint64 someTime = 1'700'000'000'000;

/// Keeps what a store has said.
class Answers : public TaskStore::Client
{
public:
    void taskAccepted(quint64 ticket) override { accepted.append(ticket); }
    void taskRefused(quint64 ticket, const Error &error) override
    {
        refused.insert(ticket, error.code());
        lastError = error.message();
    }

    QList<quint64> accepted;
    QHash<quint64, Error::Code> refused;
    QString lastError;
};

inline TaskRecord task(quint64 id, qint64 dueMs = someTime, int priority = usualPriority)
{
    TaskRecord record;
    record.id = id;
    record.name = "mill.grind";
    record.payload = "grain " + QByteArray::number(id);
    record.createdMs = someTime;
    record.dueMs = dueMs;
    record.priority = quint8(priority);
    return record;
}

/// One driver with all that it needs, in a folder of its own.
class StoreUnderTest
{
public:
    explicit StoreUnderTest(bool isDurable, const StoreLimits &limits = {}) : m_isDurable(isDurable), m_limits(limits)
    {
        if (!m_directory.isValid() || !m_spill.prepare())
            qFatal("no temporary directory");
        open();
    }

    TaskStore *operator->() const { return m_store.get(); }
    TaskStore &store() const { return *m_store; }
    const Spill &spill() const { return m_spill; }
    QString database() const { return m_directory.filePath(QStringLiteral("tasks.db")); }
    QString spillFolder() const { return m_directory.filePath(QStringLiteral("spill")); }

    void close() { m_store.reset(); }
    /// A new life.
    void reopen()
    {
        close();
        open();
    }

    /// Adds and commits; the ticket is the id.
    void add(const TaskRecord &record)
    {
        m_store->add(record, record.id);
        m_store->commit(someTime);
    }
    /// The ids of what is due at \a nowMs and taken, in order.
    QList<quint64> take(qint64 nowMs = someTime, qsizetype limit = 1'000'000)
    {
        std::vector<const TaskRecord *> taken;
        const qsizetype count = m_store->takeDue(nowMs, limit, taken);
        if (count != qsizetype(taken.size()))
            qFatal("takeDue() tells a wrong number");
        QList<quint64> ids;
        for (const TaskRecord *record : taken)
            ids.append(record->id);
        return ids;
    }
    void finish(quint64 id)
    {
        m_store->finish(id);
        m_store->commit(someTime);
    }
    void bury(quint64 id, const QString &error = QStringLiteral("no grain"), qint64 nowMs = someTime)
    {
        m_store->bury(id, 3, error, nowMs);
        m_store->commit(someTime);
    }
    DeadLetters deadLetters(const DeadLetterQuery &query = {})
    {
        DeadLetters letters;
        m_store->deadLetters(query, [&letters](const Result<DeadLetters> &found) { letters = found.value(); });
        return letters;
    }
    QList<quint64> deadIds(const DeadLetterQuery &query = {})
    {
        QList<quint64> ids;
        for (const DeadLetter &letter : deadLetters(query))
            ids.append(letter.id);
        return ids;
    }

    Answers answers;

private:
    void open()
    {
        if (!m_isDurable) {
            m_store = std::make_unique<MemoryStore>(m_limits, answers, m_spill);
            return;
        }
        Result<std::unique_ptr<SqliteStore>> opened = SqliteStore::open(database(), m_limits, answers, m_spill);
        if (!opened)
            qFatal("%s", qPrintable(opened.error().message()));
        m_store = std::move(*opened);
    }

    QTemporaryDir m_directory;
    const bool m_isDurable;
    const StoreLimits m_limits;
    const Spill m_spill{m_directory.filePath(QStringLiteral("spill"))};
    std::unique_ptr<TaskStore> m_store;
};

/// What a call with a count says: -1 for an error, whose code goes to \a code.
inline TaskStore::Count countInto(qsizetype &count, Error::Code *code = nullptr)
{
    return [&count, code](const Result<qsizetype> &result) {
        count = result ? *result : -1;
        if (!result && code)
            *code = result.error().code();
    };
}

} // namespace Quern::tasks
