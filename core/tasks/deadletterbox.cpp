#include "tasks/deadletterbox.h"

#include <utility>

namespace Quern::tasks {

namespace {

/// Both lists begin with their newest. Each has one more than is wanted, if there is one.
DeadLetterPage merged(const DeadLetterPageQuery &query, const DeadLetters &memory, const DeadLetters &database)
{
    DeadLetterPage page;
    DeadLetterPlace reached = query.before;
    qsizetype inMemory = 0;
    qsizetype inDatabase = 0;
    const auto isLeft = [&] { return inMemory < memory.size() || inDatabase < database.size(); };
    while (isLeft() && page.letters.size() < query.limit) {
        const bool takesMemory =
            inDatabase >= database.size() ||
            (inMemory < memory.size() && memory.at(inMemory).buriedMs >= database.at(inDatabase).buriedMs);
        const DeadLetter &letter = takesMemory ? memory.at(inMemory++) : database.at(inDatabase++);
        (takesMemory ? reached.memory : reached.database) = letter.number;
        page.letters.append({takesMemory ? StoreKind::Memory : StoreKind::Database, letter});
    }
    if (isLeft())
        page.older = reached;
    return page;
}

bool isMissing(const Error &error)
{
    return error.code() == Error::NotFound;
}

} // namespace

void DeadLetterBox::page(const DeadLetterPageQuery &query, const Page &done) const
{
    m_memory.deadLetters({query.name, query.before.memory, query.limit + 1}, [query, done, database = m_database](
                                                                                 const Result<DeadLetters> &memory) {
        if (!memory || !database) {
            done(memory ? Result<DeadLetterPage>(merged(query, *memory, {})) : memory.error());
            return;
        }
        database->deadLetters({query.name, query.before.database, query.limit + 1},
                              [query, done, memory = *memory](const Result<DeadLetters> &durable) {
                                  done(durable ? Result<DeadLetterPage>(merged(query, memory, *durable))
                                               : durable.error());
                              });
    });
}

void DeadLetterBox::payload(quint64 id, const Payload &done) const
{
    m_memory.deadPayload(id, [id, done, database = m_database](const Result<DeadPayload> &payload) {
        if (payload || !database || !isMissing(payload.error()))
            done(payload);
        else
            database->deadPayload(id, done);
    });
}

void DeadLetterBox::revive(const DeadLetterSelection &selection, qint64 nowMs, const TaskStore::Count &done) const
{
    if (selection.id) {
        changeOne([id = *selection.id, nowMs](TaskStore &store,
                                              const TaskStore::Count &told) { store.reviveDead(id, nowMs, told); },
                  done);
        return;
    }
    changeAll([name = selection.name, nowMs](TaskStore &store,
                                             const TaskStore::Count &told) { store.reviveAllDead(name, nowMs, told); },
              done);
}

void DeadLetterBox::drop(const DeadLetterSelection &selection, const TaskStore::Count &done) const
{
    if (selection.id) {
        changeOne([id = *selection.id](TaskStore &store, const TaskStore::Count &told) { store.dropDead(id, told); },
                  done);
        return;
    }
    changeAll(
        [name = selection.name](TaskStore &store, const TaskStore::Count &told) { store.dropAllDead(name, told); },
        done);
}

void DeadLetterBox::changeOne(const Change &change, const TaskStore::Count &done) const
{
    change(m_memory, [change, done, database = m_database](const Result<qsizetype> &count) {
        if (count || !database || !isMissing(count.error()))
            done(count);
        else
            change(*database, done);
    });
}

void DeadLetterBox::changeAll(const Change &change, const TaskStore::Count &done) const
{
    change(m_memory, [change, done, database = m_database](const Result<qsizetype> &first) {
        if (!first || !database) {
            done(first);
            return;
        }
        change(*database, [done, first = *first](const Result<qsizetype> &second) {
            done(second ? Result<qsizetype>(first + *second) : second.error());
        });
    });
}

} // namespace Quern::tasks
