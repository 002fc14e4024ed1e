#include "tasks/memorystore.h"

#include "tasks/log.h"
#include "tasks/spill.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace Quern::tasks {

Q_LOGGING_CATEGORY(logTasks, "quern.tasks", QtInfoMsg)

namespace {

constexpr size_t blockSize = 256; ///< nodes that are made together

/// What dead letters may have of the memory.
qint64 memoryOfDead(const StoreLimits &limits)
{
    return limits.memory / 4;
}

} // namespace

MemoryStore::MemoryStore(const StoreLimits &limits, Client &client, const Spill &spill)
    : m_limits(limits)
    , m_client(client)
    , m_spill(spill)
{
}

MemoryStore::~MemoryStore() = default;

void MemoryStore::add(TaskRecord record, quint64 ticket)
{
    if (const std::optional<Error> error = refusal(record)) {
        if (!record.spillFile.isEmpty())
            m_spill.remove(record.spillFile);
        m_client.taskRefused(ticket, *error);
        return;
    }
    enqueue(std::move(record));
    m_client.taskAccepted(ticket);
}

std::optional<Error> MemoryStore::refusal(const TaskRecord &record) const
{
    if (m_ready.size() + m_taken.size() >= m_limits.tasks)
        return Error(Error::Busy,
                     QStringLiteral("%1 tasks wait or run, and queue_max allows no more").arg(m_limits.tasks));
    if (m_bytes + m_deadBytes + record.payload.size() > m_limits.memory)
        return Error(Error::Busy,
                     QStringLiteral("the payloads of tasks in memory have %1 bytes, and queue_memory allows "
                                    "no more")
                         .arg(m_bytes + m_deadBytes));
    if (!record.uniqueKey.isEmpty() &&
        (m_uniqueKeys.contains(record.uniqueKey) || (m_keySharer && m_keySharer->holdsKey(record.uniqueKey))))
        return keyTaken(record.uniqueKey);
    return std::nullopt;
}

void MemoryStore::enqueue(TaskRecord record)
{
    Node *node = newNode();
    node->record = std::move(record);
    node->record.priority = std::min(node->record.priority, highestPriority);
    if (!node->record.uniqueKey.isEmpty())
        m_uniqueKeys.insert(node->record.uniqueKey);
    if (!node->record.spillFile.isEmpty())
        m_spillFiles.insert(node->record.spillFile);
    m_bytes += node->record.payload.size();
    node->priority = node->record.priority;
    node->dueMs = node->record.dueMs;
    node->sequence = ++m_lastSequence;
    m_ready.add(node, node->record.dueMs > node->record.createdMs);
}

MemoryStore::Node *MemoryStore::newNode()
{
    if (!m_free) {
        m_blocks.push_back(std::make_unique<Node[]>(blockSize));
        for (size_t i = blockSize; i-- > 0;)
            m_blocks.back()[i].next = std::exchange(m_free, &m_blocks.back()[i]);
    }
    ReadyEntry *node = m_free;
    m_free = node->next;
    return static_cast<Node *>(node);
}

MemoryStore::Node *MemoryStore::untake(quint64 id)
{
    return m_taken.take(id);
}

void MemoryStore::release(Node *node)
{
    if (!node->record.uniqueKey.isEmpty())
        m_uniqueKeys.remove(node->record.uniqueKey);
    m_bytes -= node->record.payload.size();
    node->record = TaskRecord();
    node->next = std::exchange(m_free, node);
}

void MemoryStore::finish(quint64 id)
{
    Node *node = untake(id);
    if (!node)
        return;
    removeSpilled(node->record);
    release(node);
}

void MemoryStore::retry(quint64 id, Retry retry)
{
    Node *node = untake(id);
    if (!node)
        return;
    node->record.attempts = retry.attempts;
    node->record.dueMs = node->dueMs = retry.dueMs;
    node->record.resumeAt = retry.resumeAt;
    node->record.lastError = std::move(retry.error);
    node->sequence = ++m_lastSequence;
    m_ready.add(node, true);
}

void MemoryStore::bury(quint64 id, quint32 attempts, const QString &error, qint64 nowMs)
{
    Node *node = untake(id);
    if (!node)
        return;
    TaskRecord record = node->record;
    release(node);
    record.attempts = attempts;
    record.lastError = error;
    m_deadBytes += record.payload.size();
    m_dead.emplace(++m_lastNumber, BuriedTask{std::move(record), nowMs});
    dropBeyondLimits();
}

Result<void> MemoryStore::addDead(const std::vector<BuriedTask> &letters)
{
    for (const BuriedTask &letter : letters) {
        m_deadBytes += letter.record.payload.size();
        if (!letter.record.spillFile.isEmpty())
            m_spillFiles.insert(letter.record.spillFile);
        m_dead.emplace(++m_lastNumber, letter);
    }
    dropBeyondLimits();
    return {};
}

void MemoryStore::giveBack(std::span<const quint64> ids)
{
    // The first of them goes to the beginning last.
    for (size_t i = ids.size(); i-- > 0;) {
        if (Node *node = untake(ids[i]))
            m_ready.add(node, false);
    }
}

void MemoryStore::commit(qint64) {}

std::optional<qint64> MemoryStore::commitDueMs() const
{
    return std::nullopt;
}

qsizetype MemoryStore::takeDue(qint64 nowMs, qsizetype limit, std::vector<const TaskRecord *> &taken)
{
    qsizetype count = 0;
    for (; count < limit; ++count) {
        Node *node = static_cast<Node *>(m_ready.take(nowMs));
        if (!node)
            break;
        m_taken.insert(node->record.id, node);
        taken.push_back(&node->record);
    }
    return count;
}

const TaskRecord *MemoryStore::taken(quint64 id) const
{
    const Node *node = m_taken.value(id);
    return node ? &node->record : nullptr;
}

std::optional<qint64> MemoryStore::nextDueMs() const
{
    return m_ready.nextDueMs();
}

TaskCounts MemoryStore::counts(qint64 nowMs)
{
    const qsizetype delayed = m_ready.delayed(nowMs);
    return {m_ready.size() - delayed, delayed, m_taken.size(), qsizetype(m_dead.size())};
}

std::optional<Error> MemoryStore::failure() const
{
    return std::nullopt;
}

void MemoryStore::deadLetters(const DeadLetterQuery &query,
                              const std::function<void(const Result<DeadLetters> &)> &done)
{
    DeadLetters letters;
    for (auto it = m_dead.lower_bound(query.before); it != m_dead.begin() && letters.size() < query.limit;) {
        --it;
        const TaskRecord &record = it->second.record;
        if (!query.name.isEmpty() && query.name != record.name)
            continue;
        const qint64 size = record.spillFile.isEmpty() ? record.payload.size() : m_spill.size(record.spillFile);
        letters.append({it->first, record.id, record.kind, record.name, record.lastError, record.attempts,
                        record.createdMs, it->second.buriedMs, size});
    }
    done(letters);
}

MemoryStore::Dead::iterator MemoryStore::findDead(quint64 id)
{
    return std::find_if(m_dead.begin(), m_dead.end(), [id](const auto &entry) { return entry.second.record.id == id; });
}

void MemoryStore::deadPayload(quint64 id, const std::function<void(const Result<DeadPayload> &)> &done)
{
    const auto it = findDead(id);
    if (it == m_dead.end()) {
        done(noDeadLetter(id));
        return;
    }
    const TaskRecord &record = it->second.record;
    const Result<QByteArray> bytes =
        record.spillFile.isEmpty() ? record.payload : m_spill.read(record.spillFile, longestDeadPayload);
    done(bytes ? Result<DeadPayload>(DeadPayload{*bytes, record.isMap}) : bytes.error());
}

Result<void> MemoryStore::revive(Dead::iterator it, qint64 nowMs)
{
    // Its bytes move with it.
    const qint64 bytes = it->second.record.payload.size();
    m_deadBytes -= bytes;
    if (const std::optional<Error> error = refusal(it->second.record)) {
        m_deadBytes += bytes;
        return *error;
    }
    TaskRecord record = std::move(it->second.record);
    record.attempts = 0;
    record.dueMs = nowMs;
    m_dead.erase(it);
    enqueue(std::move(record));
    return {};
}

void MemoryStore::reviveDead(quint64 id, qint64 nowMs, const Count &done)
{
    const auto it = findDead(id);
    const Result<void> revived = it == m_dead.end() ? noDeadLetter(id) : revive(it, nowMs);
    done(revived ? Result<qsizetype>(1) : Result<qsizetype>(revived.error()));
}

void MemoryStore::reviveAllDead(const QByteArray &name, qint64 nowMs, const Count &done)
{
    qsizetype count = 0;
    for (auto it = m_dead.begin(); it != m_dead.end();) {
        const auto dead = it++;
        if ((name.isEmpty() || dead->second.record.name == name) && revive(dead, nowMs))
            ++count;
    }
    done(count);
}

MemoryStore::Dead::iterator MemoryStore::drop(Dead::iterator it)
{
    const TaskRecord &record = it->second.record;
    m_deadBytes -= record.payload.size();
    removeSpilled(record);
    return m_dead.erase(it);
}

void MemoryStore::dropDead(quint64 id, const Count &done)
{
    const auto it = findDead(id);
    if (it == m_dead.end()) {
        done(noDeadLetter(id));
        return;
    }
    drop(it);
    done(1);
}

void MemoryStore::dropAllDead(const QByteArray &name, const Count &done)
{
    const size_t before = m_dead.size();
    for (auto it = m_dead.begin(); it != m_dead.end();)
        it = name.isEmpty() || it->second.record.name == name ? drop(it) : std::next(it);
    done(qsizetype(before - m_dead.size()));
}

void MemoryStore::dropBeyondLimits()
{
    std::vector<std::pair<quint64, QByteArray>> dropped;
    while (!m_dead.empty() &&
           (qsizetype(m_dead.size()) > m_limits.deadLetters || m_deadBytes > memoryOfDead(m_limits))) {
        const TaskRecord &oldest = m_dead.begin()->second.record;
        dropped.emplace_back(oldest.id, oldest.name);
        drop(m_dead.begin());
    }
    logDroppedDeadLetters(dropped,
                          QStringLiteral("there are more than dead_letter_max, or their payloads are too large for "
                                         "queue_memory"));
}

std::vector<TaskRecord> MemoryStore::takeOut(qsizetype limit)
{
    std::vector<TaskRecord> records;
    while (qsizetype(records.size()) < limit) {
        Node *node = static_cast<Node *>(m_ready.take(std::numeric_limits<qint64>::max()));
        if (!node)
            break;
        records.push_back(node->record);
        release(node);
        leaveSpilled(records.back());
    }
    return records;
}

std::vector<BuriedTask> MemoryStore::takeOutDead(qsizetype limit)
{
    std::vector<BuriedTask> letters;
    while (qsizetype(letters.size()) < limit && !m_dead.empty()) {
        letters.push_back(std::move(m_dead.begin()->second));
        m_dead.erase(m_dead.begin());
        const TaskRecord &record = letters.back().record;
        m_deadBytes -= record.payload.size();
        leaveSpilled(record);
    }
    return letters;
}

void MemoryStore::leaveSpilled(const TaskRecord &record)
{
    if (record.spillFile.isEmpty())
        return;
    m_spillFiles.remove(record.spillFile);
    m_spill.synchronize(record.spillFile);
}

void MemoryStore::removeSpilled(const TaskRecord &record)
{
    if (record.spillFile.isEmpty())
        return;
    m_spillFiles.remove(record.spillFile);
    m_spill.remove(record.spillFile);
}

} // namespace Quern::tasks
