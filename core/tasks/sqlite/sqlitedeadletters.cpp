#include "tasks/log.h"
#include "tasks/spill.h"
#include "tasks/sqlite/sqlitestore.h"
#include "tasks/sqlite/taskrow.h"

#include <QSqlError>
#include <QVariant>

#include <algorithm>
#include <utility>

// The part of SqliteStore that has to do with dead letters. People ask for it, and not often: its statements are
// prepared when they are needed, and each of its changes is a transaction of its own.

namespace Quern::tasks {

namespace {

/// Dead letters that are tried again in one transaction, so that the queue goes on between two of them.
constexpr int revivedTogether = 1'000;

const QString anyName = QStringLiteral("? IS NULL OR name = ?");

QVariant nameValue(const QByteArray &name)
{
    return name.isEmpty() ? QVariant(QMetaType(QMetaType::QString)) : QVariant(QString::fromUtf8(name));
}

/// Binds \a value to all places of a condition, from \a place on.
void bindAll(QSqlQuery &query, int place, const QString &condition, const QVariant &value)
{
    for (qsizetype i = 0; i < condition.count(u'?'); ++i)
        query.bindValue(place++, value);
}

} // namespace

Result<void> SqliteStore::transaction(const std::function<Result<void>()> &work)
{
    Result<void> done = m_database->begin();
    if (done)
        done = work();
    if (done)
        done = m_database->commit();
    if (done) {
        works();
        removeSpilled();
        return recount();
    }
    m_database->rollback();
    m_unneeded.clear();
    return done;
}

Result<void> SqliteStore::dropBeyondLimit()
{
    const auto burials = std::count_if(m_operations.begin(), m_operations.end(), [](const Operation &operation) {
        return std::holds_alternative<Bury>(operation);
    });
    const qsizetype beyond = m_dead + qsizetype(burials) - m_limits.deadLetters;
    if (beyond <= 0)
        return {};
    QSqlQuery &query = m_statements.oldestDead;
    query.bindValue(0, beyond);
    if (const Result<void> done = m_database->run(query); !done)
        return done;
    qint64 last = 0;
    while (query.next()) {
        last = query.value(0).toLongLong();
        if (!query.value(3).isNull())
            m_unneeded.push_back(query.value(3).toString().toLatin1());
        m_dropped.emplace_back(quint64(query.value(1).toLongLong()), query.value(2).toString().toUtf8());
    }
    query.finish();
    m_statements.dropDeadUpTo.bindValue(0, last);
    return m_database->run(m_statements.dropDeadUpTo);
}

Result<void> SqliteStore::addDead(const std::vector<BuriedTask> &letters)
{
    const Result<void> added = transaction([&] {
        const Result<void> inserted = insertDead(letters);
        return inserted ? dropBeyondLimitByTime() : inserted;
    });
    const std::vector<std::pair<quint64, QByteArray>> dropped = std::exchange(m_dropped, {});
    if (added)
        logDroppedDeadLetters(dropped, QStringLiteral("there are more than dead_letter_max"));
    return added;
}

Result<void> SqliteStore::insertDead(const std::vector<BuriedTask> &letters)
{
    const QString places = taskPlaceholders();
    Result<QSqlQuery> insert =
        m_database->prepare(QStringLiteral("INSERT INTO dead (%1, buried) VALUES (%2, ?)").arg(taskColumns(), places));
    if (!insert)
        return insert.error();
    for (const BuriedTask &letter : letters) {
        bindTask(*insert, letter.record);
        insert->bindValue(int(places.count(u'?')), letter.buriedMs);
        if (const Result<void> done = m_database->run(*insert); !done)
            return done;
    }
    return {};
}

/// Of letters that come together with others, the numbers do not tell which are the oldest.
Result<void> SqliteStore::dropBeyondLimitByTime()
{
    const Result<QVariant> count = m_database->value(QStringLiteral("SELECT count(*) FROM dead"));
    if (!count)
        return count.error();
    const qsizetype beyond = count->toLongLong() - m_limits.deadLetters;
    if (beyond <= 0)
        return {};
    Result<QSqlQuery> oldest =
        m_database->prepare(QStringLiteral("SELECT number, id, name, spill FROM dead ORDER BY buried, number LIMIT ?"));
    Result<QSqlQuery> erase = m_database->prepare(QStringLiteral("DELETE FROM dead WHERE number = ?"));
    if (!oldest || !erase)
        return oldest ? erase.error() : oldest.error();
    oldest->bindValue(0, beyond);
    if (const Result<void> done = m_database->run(*oldest); !done)
        return done;
    std::vector<qint64> numbers;
    while (oldest->next()) {
        numbers.push_back(oldest->value(0).toLongLong());
        m_dropped.emplace_back(quint64(oldest->value(1).toLongLong()), oldest->value(2).toString().toUtf8());
        if (!oldest->value(3).isNull())
            m_unneeded.push_back(oldest->value(3).toString().toLatin1());
    }
    oldest->finish();
    for (const qint64 number : numbers) {
        erase->bindValue(0, number);
        if (const Result<void> done = m_database->run(*erase); !done)
            return done;
    }
    return {};
}

void SqliteStore::deadLetters(const DeadLetterQuery &query,
                              const std::function<void(const Result<DeadLetters> &)> &done)
{
    Result<QSqlQuery> select = m_database->prepare(
        QStringLiteral(
            "SELECT number, id, kind, name, error, attempts, created, buried, spill, length(payload) FROM dead "
            "WHERE number < ? AND (%1) ORDER BY number DESC LIMIT ?")
            .arg(anyName));
    if (!select) {
        done(select.error());
        return;
    }
    select->bindValue(0, qint64(query.before));
    bindAll(*select, 1, anyName, nameValue(query.name));
    select->bindValue(3, query.limit);
    if (const Result<void> run = m_database->run(*select); !run) {
        done(run.error());
        return;
    }
    DeadLetters letters;
    while (select->next()) {
        const QByteArray spillFile = select->value(8).toString().toLatin1();
        DeadLetter letter;
        letter.number = quint64(select->value(0).toLongLong());
        letter.id = quint64(select->value(1).toLongLong());
        letter.kind = TaskKind(select->value(2).toInt());
        letter.name = select->value(3).toString().toUtf8();
        letter.error = select->value(4).toString();
        letter.attempts = select->value(5).toUInt();
        letter.createdMs = select->value(6).toLongLong();
        letter.buriedMs = select->value(7).toLongLong();
        letter.payloadSize = spillFile.isEmpty() ? select->value(9).toLongLong() : m_spill.size(spillFile);
        letters.append(letter);
    }
    done(letters);
}

void SqliteStore::deadPayload(quint64 id, const std::function<void(const Result<DeadPayload> &)> &done)
{
    done(payloadOfDead(id));
}

Result<DeadPayload> SqliteStore::payloadOfDead(quint64 id)
{
    Result<QSqlQuery> query =
        m_database->prepare(QStringLiteral("SELECT payload, spill, is_map FROM dead WHERE id = ?"));
    if (!query)
        return query.error();
    query->bindValue(0, qint64(id));
    if (const Result<void> run = m_database->run(*query); !run)
        return run.error();
    if (!query->next())
        return noDeadLetter(id);
    DeadPayload payload = {query->value(0).toByteArray(), query->value(2).toBool()};
    if (query->value(1).isNull())
        return payload;
    const Result<QByteArray> bytes = m_spill.read(query->value(1).toString().toLatin1(), longestDeadPayload);
    if (!bytes)
        return bytes.error();
    payload.bytes = *bytes;
    return payload;
}

/// Whether there was room for its key.
Result<bool> SqliteStore::reviveOne(quint64 number, qint64 nowMs)
{
    const Result<QVariant> key =
        m_database->value(QStringLiteral("SELECT unique_key FROM dead WHERE number = %1").arg(number));
    if (!key)
        return key.error();
    // Its own store may have gathered one with the key that it does not know of yet.
    if (isTakenElsewhere(key->toByteArray()) || m_addedKeys.contains(key->toByteArray()))
        return false;
    const QString again = taskColumnsWith({QStringLiteral("due = ?"), QStringLiteral("attempts = 0")});
    Result<QSqlQuery> insert = m_database->prepare(
        QStringLiteral("INSERT INTO task (%1) SELECT %2 FROM dead WHERE number = ? ON CONFLICT DO NOTHING")
            .arg(taskColumns(), again));
    Result<QSqlQuery> erase = m_database->prepare(QStringLiteral("DELETE FROM dead WHERE number = ?"));
    if (!insert || !erase)
        return insert ? erase.error() : insert.error();
    insert->bindValue(0, nowMs);
    insert->bindValue(1, qint64(number));
    if (const Result<void> done = m_database->run(*insert); !done)
        return done.error();
    if (insert->numRowsAffected() != 1)
        return false;
    erase->bindValue(0, qint64(number));
    if (const Result<void> done = m_database->run(*erase); !done)
        return done.error();
    return true;
}

/// Revives the dead letters for which \a condition holds, the oldest first, as far as there is room.
Result<qsizetype> SqliteStore::revive(const QString &condition, const QVariant &value, qint64 nowMs)
{
    qsizetype revived = 0;
    qint64 last = 0;
    for (bool isMore = true; isMore;) {
        const Result<void> done = transaction([&]() -> Result<void> {
            Result<QSqlQuery> select = m_database->prepare(
                QStringLiteral("SELECT number FROM dead WHERE number > ? AND (%1) ORDER BY number LIMIT ?")
                    .arg(condition));
            if (!select)
                return select.error();
            select->bindValue(0, last);
            bindAll(*select, 1, condition, value);
            select->bindValue(1 + int(condition.count(u'?')), revivedTogether);
            if (const Result<void> run = m_database->run(*select); !run)
                return run;
            std::vector<quint64> numbers;
            while (select->next())
                numbers.push_back(quint64(select->value(0).toLongLong()));
            select->finish();
            isMore = numbers.size() == size_t(revivedTogether);
            qsizetype room = m_limits.tasks - held() - m_adds;
            for (const quint64 number : numbers) {
                last = qint64(number);
                if (room <= 0) {
                    isMore = false;
                    break;
                }
                const Result<bool> one = reviveOne(number, nowMs);
                if (!one)
                    return one.error();
                revived += *one ? 1 : 0;
                room -= *one ? 1 : 0;
            }
            return {};
        });
        if (!done)
            return done.error();
    }
    return revived;
}

void SqliteStore::reviveDead(quint64 id, qint64 nowMs, const Count &done)
{
    if (const std::optional<Error> error = refusal()) {
        done(*error);
        return;
    }
    const Result<qsizetype> revived = revive(QStringLiteral("id = ?"), qint64(id), nowMs);
    if (!revived || *revived > 0) {
        done(revived);
        return;
    }
    const Result<DeadPayload> payload = payloadOfDead(id);
    const bool isDead = payload || payload.error().code() != Error::NotFound;
    done(isDead ? Error(Error::Exists, QStringLiteral("a task with the unique key of task %1 waits or runs").arg(id))
                : noDeadLetter(id));
}

void SqliteStore::reviveAllDead(const QByteArray &name, qint64 nowMs, const Count &done)
{
    done(revive(anyName, nameValue(name), nowMs));
}

Result<qsizetype> SqliteStore::drop(const QString &condition, const QVariant &value)
{
    qsizetype dropped = 0;
    const Result<void> done = transaction([&]() -> Result<void> {
        Result<QSqlQuery> spilled = m_database->prepare(
            QStringLiteral("SELECT spill FROM dead WHERE spill IS NOT NULL AND (%1)").arg(condition));
        Result<QSqlQuery> erase = m_database->prepare(QStringLiteral("DELETE FROM dead WHERE %1").arg(condition));
        if (!spilled || !erase)
            return spilled ? erase.error() : spilled.error();
        bindAll(*spilled, 0, condition, value);
        bindAll(*erase, 0, condition, value);
        if (const Result<void> run = m_database->run(*spilled); !run)
            return run;
        while (spilled->next())
            m_unneeded.push_back(spilled->value(0).toString().toLatin1());
        spilled->finish();
        const Result<void> run = m_database->run(*erase);
        dropped = erase->numRowsAffected();
        return run;
    });
    if (!done)
        return done.error();
    return dropped;
}

void SqliteStore::dropDead(quint64 id, const Count &done)
{
    const Result<qsizetype> dropped = drop(QStringLiteral("id = ?"), qint64(id));
    done(dropped && *dropped == 0 ? Result<qsizetype>(noDeadLetter(id)) : dropped);
}

void SqliteStore::dropAllDead(const QByteArray &name, const Count &done)
{
    done(drop(anyName, nameValue(name)));
}

} // namespace Quern::tasks
