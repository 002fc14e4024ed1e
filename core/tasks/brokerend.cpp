// The part of Broker that ends: what waits in memory goes where the next life finds it.

#include "base/clock.h"
#include "tasks/broker.h"
#include "tasks/log.h"

#include <QDeadlineTimer>

namespace Quern::tasks {

namespace {

/// What may be spent on the way from memory to the database: a stop is not to take longer.
constexpr std::chrono::milliseconds handOverTime = std::chrono::seconds(4);
/// Tasks that go there in one transaction.
constexpr qsizetype handedOverTogether = 5'000;

QString tasksText(qsizetype count)
{
    return count == 1 ? QStringLiteral("1 task") : QStringLiteral("%1 tasks").arg(count);
}

qsizetype waitingIn(TaskStore &store)
{
    const TaskCounts counts = store.counts(base::wallClockMs());
    return counts.queued + counts.delayed;
}

} // namespace

void Broker::close()
{
    m_stopping = true;
    for (TaskStore *store : stores()) {
        if (store)
            store->commit(base::wallClockMs());
    }
    handOver();
    const qsizetype waiting = m_stores.durable ? waitingIn(*m_stores.durable) : 0;
    if (waiting > 0)
        qCInfo(logTasks).noquote() << tasksText(waiting) << (waiting == 1 ? "waits" : "wait") << "for the next start";
}

void Broker::handOver()
{
    const qsizetype waiting = waitingIn(*m_stores.memory);
    if (waiting == 0)
        return;
    if (!m_stores.durable) {
        qCWarning(logTasks).noquote() << tasksText(waiting)
                                      << "that waited in memory end with the server: there is no database to keep them";
        return;
    }
    TaskStore &durable = *m_stores.durable;
    const qsizetype before = waitingIn(durable);
    const QDeadlineTimer deadline(handOverTime);
    while (!deadline.hasExpired()) {
        std::vector<TaskRecord> records = m_stores.memory->takeOut(handedOverTogether);
        if (records.empty())
            break;
        // Nobody holds these tickets: their deliverers have heard that they were accepted.
        for (TaskRecord &record : records)
            durable.add(std::move(record), m_nextTicket++);
        durable.commit(base::wallClockMs());
    }
    const qsizetype kept = waitingIn(durable) - before;
    if (kept > 0)
        qCInfo(logTasks).noquote() << tasksText(kept) << "that waited in memory" << (kept == 1 ? "is" : "are")
                                   << "kept in the database";
    if (kept >= waiting)
        return;
    const std::optional<Error> failure = durable.failure();
    const QString reason = failure ? failure->message()
                           : deadline.hasExpired()
                               ? QStringLiteral("there was no time to write them to the database")
                               : QStringLiteral("the database has no room for them (tasks.durable_max)");
    qCWarning(logTasks).noquote().nospace()
        << tasksText(waiting - kept) << " that waited in memory end with the server: " << reason;
}

} // namespace Quern::tasks
