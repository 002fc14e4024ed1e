// The half of Broker that hands out what is due, and watches what runs.

#include "base/clock.h"
#include "tasks/broker.h"

#include <QTimerEvent>

#include <algorithm>

namespace Quern::tasks {

namespace {

/// How often running tasks are looked at.
constexpr int watchMilliseconds = 20;
/// A timer waits for no longer than this: the wall clock may jump meanwhile.
constexpr qint64 longestWait = 1000;

} // namespace

void StoreGauges::store(const TaskCounts &counts)
{
    queued.store(quint64(counts.queued), std::memory_order_relaxed);
    delayed.store(quint64(counts.delayed), std::memory_order_relaxed);
    running.store(quint64(counts.taken), std::memory_order_relaxed);
    dead.store(quint64(counts.dead), std::memory_order_relaxed);
}

void Broker::turnEnded()
{
    m_post.turnEnded();
    if (!std::exchange(m_dirty, false))
        return;
    m_stores.memory->commit(base::wallClockMs());
    if (m_stores.durable)
        m_stores.durable->commit(base::wallClockMs());
    if (!m_stopping)
        pump();
    armDueTimer();
    const bool isBusy = std::any_of(m_lanes.begin(), m_lanes.end(), [](const auto &lane) { return lane->isWatched(); });
    if (isBusy != m_watch.isActive()) {
        if (isBusy)
            m_watch.start(watchMilliseconds, this);
        else
            m_watch.stop();
    }
    updateCounts();
}

qsizetype Broker::freeRoom() const
{
    qsizetype room = 0;
    for (const auto &lane : m_lanes)
        room += lane->room();
    return room;
}

void Broker::pump()
{
    const qsizetype room = freeRoom();
    if (room <= 0)
        return;
    m_due.clear();
    for (TaskStore *store : stores()) {
        if (!store)
            continue;
        m_taken.clear();
        store->takeDue(base::wallClockMs(), room, m_taken);
        for (const TaskRecord *record : m_taken)
            m_due.push_back({store, record});
    }
    const bool isMixed = !m_due.empty() && m_due.front().store != m_due.back().store;
    if (isMixed) {
        std::stable_sort(m_due.begin(), m_due.end(), [](const Due &one, const Due &other) {
            return one.record->priority != other.record->priority ? one.record->priority > other.record->priority
                                                                  : one.record->dueMs < other.record->dueMs;
        });
    }
    std::size_t sent = 0;
    for (; sent < m_due.size(); ++sent) {
        TaskLane *lane = laneFor();
        if (!lane)
            break;
        const auto &[store, record] = m_due[sent];
        lane->send(*store, *record, record->tellsSender);
    }
    for (; sent < m_due.size(); ++sent) {
        const quint64 id = m_due[sent].record->id;
        m_due[sent].store->giveBack({&id, 1});
    }
}

TaskLane *Broker::laneFor()
{
    TaskLane *chosen = nullptr;
    for (const auto &lane : m_lanes) {
        if (lane->room() > 0 && (!chosen || lane->load() < chosen->load()))
            chosen = lane.get();
    }
    return chosen;
}

void Broker::armDueTimer()
{
    std::optional<qint64> due;
    const auto consider = [&due](std::optional<qint64> other) {
        if (other && (!due || *other < *due))
            due = other;
    };
    const bool hasRoom = freeRoom() > 0 && !m_stopping;
    for (const TaskStore *store : stores()) {
        if (!store)
            continue;
        consider(store->commitDueMs());
        if (hasRoom)
            consider(store->nextDueMs());
    }
    if (!due) {
        m_dueTimer.stop();
        return;
    }
    if (m_dueTimer.isActive() && m_dueAt == *due)
        return;
    m_dueAt = *due;
    m_dueTimer.start(int(std::clamp<qint64>(*due - base::wallClockMs(), 0, longestWait)), Qt::PreciseTimer, this);
}

void Broker::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_dueTimer.timerId()) {
        m_dueTimer.stop();
        m_dirty = true;
    } else if (event->timerId() == m_watch.timerId()) {
        watchLanes();
    }
}

void Broker::watchLanes()
{
    const quint64 now = base::nowNanoseconds();
    for (const auto &lane : m_lanes) {
        watchStandstill(*lane, now);
        const std::optional<TaskLane::Running> running = lane->running();
        if (!running || now < running->sinceNs)
            continue;
        const auto elapsed = std::chrono::nanoseconds(now - running->sinceNs);
        const TaskRecord &record = *running->sent->record;
        const bool isOverdue = record.timeout.count() > 0 && elapsed > record.timeout;
        if ((elapsed >= TaskLane::StuckAfter || isOverdue) && !lane->isBlocked()) {
            // The quick ones behind it need not wait, nor die with it.
            lane->setBlocked(true);
            giveBack(lane->takeBack());
        }
        if (isOverdue && lane->timedOut.isEmpty()) {
            const QString limit = QStringLiteral("longer than its timeout of %1 ms").arg(record.timeout.count());
            lane->timedOut = QStringLiteral("it ran for %1").arg(limit);
            Q_EMIT childStuck(lane->info().childId, QStringLiteral("\"%1\", id %2, has been running for %3")
                                                        .arg(QString::fromUtf8(record.name))
                                                        .arg(record.id)
                                                        .arg(limit));
        }
    }
}

void Broker::watchStandstill(TaskLane &lane, quint64 nowNs)
{
    const bool wasStill = lane.isStill();
    const std::chrono::nanoseconds still = lane.standstill(nowNs);
    m_dirty = m_dirty || lane.isStill() != wasStill;
    // Of one that leaves it is known by when it has to.
    if (still.count() == 0 || lane.isDraining() || m_stopping)
        return;
    const bool hasOther = std::any_of(m_lanes.begin(), m_lanes.end(), [&lane](const auto &other) {
        return other.get() != &lane && other->isActive() && !other->isStill();
    });
    if (still >= lane.patience() && !lane.isBlocked() && hasOther)
        giveBack(lane.takeBackFromStill());
    if (still >= m_settings.standstillLimit && lane.takeGivenUp()) {
        const auto seconds = std::chrono::duration<double>(std::chrono::floor<std::chrono::milliseconds>(still));
        Q_EMIT childStuck(
            lane.info().childId,
            QStringLiteral("it has stood still for %1 s with tasks to begin").arg(seconds.count(), 0, 'f', 0));
    }
}

void Broker::updateCounts()
{
    m_counters.memory.store(m_stores.memory->counts(base::wallClockMs()));
    if (!m_stores.durable)
        return;
    m_counters.database.store(m_stores.durable->counts(base::wallClockMs()));
    m_counters.hasDatabase.store(true, std::memory_order_relaxed);
    const std::optional<Error> failure = m_stores.durable->failure();
    const std::lock_guard lock(m_failureMutex);
    m_failure = failure ? std::optional(failure->message()) : std::nullopt;
}

bool Broker::namesSpillFile(const QByteArray &name) const
{
    return m_finishes.namesSpillFile(name) || m_stores.memory->namesSpillFile(name) ||
           (m_stores.durable && m_stores.durable->namesSpillFile(name));
}

std::optional<QString> Broker::failure() const
{
    const std::lock_guard lock(m_failureMutex);
    return m_failure;
}

} // namespace Quern::tasks
