#include "tablesweep_p.h"

#include "tablechange_p.h"

#include <algorithm>
#include <limits>

namespace Quern {

namespace {

constexpr quint64 never = std::numeric_limits<quint64>::max();
/// The next look for expired rows is at least and at most so far away, in milliseconds: the first for those who insert
/// into a full table one by one, the second for rows that came when the sweep had passed.
constexpr quint64 shortestPause = 10;
constexpr quint64 longestPause = 1000;

bool isOfTheLiving(quint64 header)
{
    return PoolHeader::state(header) == PoolHeader::Held && !isProcessGone(PoolHeader::holder(header));
}

} // namespace

TableSweep::TableSweep(TableCore &core, Aim aim) : m_core(core), m_aim(aim), m_nextExpiry(never) {}

bool TableSweep::run(std::chrono::microseconds time)
{
    const auto until = std::chrono::steady_clock::now() + time;
    while (!m_isOver) {
        if (!stepRecords() && (m_aim == Aim::Expired || !stepPermits()))
            end();
        else if (std::chrono::steady_clock::now() >= until)
            break;
    }
    return m_isOver;
}

void TableSweep::finish()
{
    while (!run(std::chrono::seconds(1))) {
    }
}

bool TableSweep::stepRecords()
{
    TablePool &pool = m_core.records();
    while (m_recordWord < pool.wordCount() && !pool.isUsed(m_recordWord))
        ++m_recordWord;
    if (m_recordWord == pool.wordCount())
        return false;
    const quint32 first = m_recordWord * 64;
    for (quint32 index = first; index < std::min(first + 64, pool.count()); ++index)
        checkRecord(index);
    if (m_aim == Aim::All)
        pool.settleSummary(m_recordWord);
    ++m_recordWord;
    return true;
}

bool TableSweep::stepPermits()
{
    TablePool &pool = m_core.permits();
    while (m_permitWord < pool.wordCount() && !pool.isUsed(m_permitWord))
        ++m_permitWord;
    if (m_permitWord == pool.wordCount())
        return false;
    const quint32 first = m_permitWord * 64;
    for (quint32 index = first; index < std::min(first + 64, pool.count()); ++index)
        checkPermit(index);
    pool.settleSummary(m_permitWord);
    ++m_permitWord;
    return true;
}

void TableSweep::checkRecord(quint32 index)
{
    const SharedWord *record = m_core.record(index);
    const quint64 header = record[HeaderWord].load(std::memory_order_acquire);
    const PoolHeader::State state = PoolHeader::state(header);
    if (state == PoolHeader::Published && m_aim == Aim::Expired)
        return checkExpiry(index, record);
    if (m_aim == Aim::Expired)
        return;
    m_core.records().settle(index);
    if (state == PoolHeader::Free || isOfTheLiving(header))
        return;
    // Whoever is dead had either made the table refer to it, and then the whole of it is written, or never will. And
    // what the table has ceased to refer to it never will again, under this version.
    const auto bucket = quint32(record[MetaWord].load(std::memory_order_relaxed));
    if (!m_core.refersToRecord(bucket, index))
        m_core.records().reclaim(index, header);
    else if (state == PoolHeader::Held)
        m_core.records().confirm(index, header);
    else
        checkExpiry(index, record);
}

void TableSweep::checkExpiry(quint32 index, const SharedWord *record)
{
    const quint64 header = record[HeaderWord].load(std::memory_order_acquire);
    const quint64 expires = record[ExpiresWord].load(std::memory_order_relaxed);
    if (expires == 0)
        return;
    if (!TableCore::isExpired(expires)) {
        m_nextExpiry = std::min(m_nextExpiry, expires);
        return;
    }
    std::array<char, TableKey::MaxSize> bytes;
    const auto size = qsizetype(record[MetaWord].load(std::memory_order_relaxed) >> 56);
    if (size > TableKey::MaxSize)
        return;
    for (quint32 i = 0; i < bytes.size() / 8; ++i) {
        const quint64 word = record[KeyWord + i].load(std::memory_order_relaxed);
        std::copy_n(reinterpret_cast<const char *>(&word), 8, bytes.data() + std::size_t(i) * 8);
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    if (m_core.records().header(index).load(std::memory_order_relaxed) != header)
        return; // another's by now
    const Result<KeyWords> key = m_core.keyOf(QByteArrayView(bytes.data(), size));
    if (!key)
        return;
    // Looked at again: it may have been set anew.
    const Result<void> removed = changeRow(
        m_core, *key, [](TableChange &change) { return change.hasExpired() ? RowStep::Remove : RowStep::Leave; });
    if (!removed) // no record to prepare it in: the next time
        m_nextExpiry = std::min(m_nextExpiry, expires);
}

void TableSweep::checkPermit(quint32 index)
{
    TablePool &pool = m_core.permits();
    const quint64 header = pool.header(index).load(std::memory_order_acquire);
    const PoolHeader::State state = PoolHeader::state(header);
    pool.settle(index);
    if (state == PoolHeader::Free || isOfTheLiving(header))
        return;
    const auto bucket = quint32(m_core.permitBucket(index).load(std::memory_order_relaxed));
    if (!m_core.refersToPermit(bucket, index))
        m_core.reclaimPermit(index, header);
    else if (state == PoolHeader::Held)
        pool.confirm(index, header);
}

void TableSweep::end()
{
    m_isOver = true;
    if (m_core.nextExpiry().load(std::memory_order_acquire) == 0)
        return;
    const quint64 now = tableClock();
    m_core.nextExpiry().store(std::clamp(m_nextExpiry, now + shortestPause, now + longestPause),
                              std::memory_order_release);
}

} // namespace Quern
