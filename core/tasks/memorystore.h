#pragma once

#include "tasks/readyqueue.h"
#include "tasks/taskstore.h"

#include <QHash>
#include <QSet>

#include <map>
#include <memory>

namespace Quern::tasks {

class Spill;

/// The queue in memory: quick, and gone with the process. It answers at once: add() tells its outcome before it
/// returns, and commit() has nothing to do.
class MemoryStore final : public TaskStore
{
public:
    /// \a client and \a spill outlive this.
    MemoryStore(const StoreLimits &limits, Client &client, const Spill &spill);
    ~MemoryStore() override;
    Q_DISABLE_COPY_MOVE(MemoryStore)

    void shareKeys(TaskStore *other) override { m_keySharer = other; }
    bool holdsKey(const QByteArray &key) override { return m_uniqueKeys.contains(key); }
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
    bool namesSpillFile(const QByteArray &name) override { return m_spillFiles.contains(name); }

    /// Takes out up to \a limit tasks that wait, due or not, for another store: nothing is left of them here, and
    /// whoever gets them owns their spill files, which are on the disk then.
    std::vector<TaskRecord> takeOut(qsizetype limit);
    /// The same with dead letters, the oldest first.
    std::vector<BuriedTask> takeOutDead(qsizetype limit);

private:
    struct Node : ReadyEntry
    {
        TaskRecord record;
    };
    using Dead = std::map<quint64, BuriedTask>; ///< by number

    std::optional<Error> refusal(const TaskRecord &record) const;
    void enqueue(TaskRecord record);
    Node *newNode();
    /// The node of a task that was taken, which is now in nobody's hands; null if it was not.
    Node *untake(quint64 id);
    /// The task is no more: its key, its bytes and its node are free. The record may have been moved from but for
    /// these.
    void release(Node *node);
    Dead::iterator findDead(quint64 id);
    Result<void> revive(Dead::iterator it, qint64 nowMs);
    Dead::iterator drop(Dead::iterator it);
    void dropBeyondLimits();
    /// Its spill file is another store's from now on, and on the disk.
    void leaveSpilled(const TaskRecord &record);
    void removeSpilled(const TaskRecord &record);

    const StoreLimits m_limits;
    Client &m_client;
    const Spill &m_spill;
    std::vector<std::unique_ptr<Node[]>> m_blocks;
    ReadyEntry *m_free = nullptr; ///< nodes to be used again
    ReadyQueue m_ready;
    QHash<quint64, Node *> m_taken;
    QSet<QByteArray> m_uniqueKeys; ///< of what waits or runs
    QSet<QByteArray> m_spillFiles; ///< of tasks and dead letters
    TaskStore *m_keySharer = nullptr;
    Dead m_dead;
    qint64 m_bytes = 0;     ///< payloads of what waits or runs
    qint64 m_deadBytes = 0; ///< payloads of dead letters
    quint64 m_lastSequence = 0;
    quint64 m_lastNumber = 0;
};

} // namespace Quern::tasks
