#include "tablechange_p.h"

#include "tablesweep_p.h"

#include <algorithm>
#include <thread>

namespace Quern {

namespace {

/// How long a change waits, and how often, for what others are in the middle of: 20 ms in all.
constexpr std::chrono::microseconds waitTime{100};
constexpr int mostWaits = 200;

quint64 link(quint32 next, quint32 permit)
{
    return next | quint64(permit) << 32;
}

} // namespace

TableChange::TableChange(TableCore &core, const KeyWords &key)
    : m_core(core)
    , m_key(key)
    , m_bucket(core.bucketOf(key))
    , m_meta(core.metaOf(key))
    , m_values(qsizetype(core.valueWords()))
{
}

TableChange::~TableChange()
{
    for (const PoolClaim claim : m_claims)
        m_core.records().release(claim);
    if (m_permit)
        m_core.releasePermit(*m_permit);
}

bool TableChange::isUnchanged() const
{
    std::atomic_thread_fence(std::memory_order_acquire);
    return m_core.bucketWord(m_bucket) == m_word;
}

bool TableChange::look()
{
    constexpr qsizetype patience = 32;
    m_word = m_core.bucketWord(m_bucket);
    m_path.clear();
    m_found = false;
    m_exists = false;
    expires = 0;
    for (auto next = quint32(m_word >> 32); next != 0 && !m_found;) {
        if (next > m_core.geometry().records || (m_path.size() % patience == patience - 1 && !isUnchanged()))
            return false;
        const SharedWord *record = m_core.record(next - 1);
        // Their versions now: what is given back behind the change is what the chain had, and nothing that came later.
        const quint64 header = record[HeaderWord].load(std::memory_order_relaxed);
        const quint64 link = record[LinkWord].load(std::memory_order_relaxed);
        m_path.append({next - 1, PoolHeader::version(header), quint32(link >> 32)});
        next = quint32(link);
        if (!m_core.isKey(record, m_key, m_meta))
            continue;
        m_found = true;
        m_tail = next;
        m_rowPermit.index = quint32(link >> 32);
        if (m_rowPermit.index >= m_core.permits().count())
            return false;
        m_rowPermit.version =
            PoolHeader::version(m_core.permits().header(m_rowPermit.index).load(std::memory_order_relaxed));
        const quint64 until = record[ExpiresWord].load(std::memory_order_relaxed);
        m_exists = !TableCore::isExpired(until);
        if (m_exists) {
            expires = until;
            m_core.copyValues(record, m_values.data());
        }
    }
    if (!m_exists)
        std::fill(m_values.begin(), m_values.end(), 0);
    return true;
}

bool TableChange::claimRecords(qsizetype count)
{
    while (m_claims.size() < count) {
        const std::optional<PoolClaim> claim = m_core.records().claim();
        if (!claim)
            return false;
        m_claims.append(*claim);
    }
    return true;
}

quint32 TableChange::copyPath(quint32 rest)
{
    // Those behind the row are shared with the chain as it was.
    for (qsizetype i = m_path.size() - 2; i >= 0; --i) {
        const Passed &passed = m_path[i];
        const SharedWord *from = m_core.record(passed.record);
        SharedWord *to = m_core.record(m_claims[i].index);
        to[LinkWord].store(link(rest, passed.permit), std::memory_order_relaxed);
        for (quint32 word = MetaWord; word < FirstColumnWord; ++word)
            to[word].store(from[word].load(std::memory_order_relaxed), std::memory_order_relaxed);
        writeValues(to, [from](quint32 word) { return from[FirstColumnWord + word].load(std::memory_order_relaxed); });
        rest = m_claims[i].index + 1;
    }
    return rest;
}

void TableChange::writeRow(quint32 index, quint32 next, quint32 permit)
{
    SharedWord *record = m_core.record(index);
    record[LinkWord].store(link(next, permit), std::memory_order_relaxed);
    record[MetaWord].store(m_meta, std::memory_order_relaxed);
    record[ExpiresWord].store(expires, std::memory_order_relaxed);
    for (quint32 i = 0; i < m_key.count(); ++i)
        record[KeyWord + i].store(m_key.words[i], std::memory_order_relaxed);
    writeValues(record, [this](quint32 word) { return m_values[word]; });
}

template <typename WordAt>
void TableChange::writeValues(SharedWord *record, WordAt wordAt)
{
    const QList<ColumnInfo> &columns = m_core.info().columns;
    for (qsizetype i = 0; i < columns.size(); ++i) {
        const quint32 word = m_core.columnWord(int(i));
        SharedWord *to = record + FirstColumnWord + word;
        const quint64 value = wordAt(word);
        to[0].store(value, std::memory_order_relaxed);
        if (columns[i].type != ColumnInfo::Type::String)
            continue;
        // The length may be any, if the bucket has changed meanwhile.
        const quint64 size = std::min(value, quint64(columns[i].bytes));
        for (quint32 k = 1; k <= (size + 7) / 8; ++k)
            to[k].store(wordAt(word + k), std::memory_order_relaxed);
    }
}

bool TableChange::exchange(quint32 head)
{
    const quint64 changed = quint64(head) << 32 | quint32(quint32(m_word) + 1);
    return m_core.bucket(m_bucket).compare_exchange_strong(m_word, changed, std::memory_order_acq_rel);
}

void TableChange::publishRecords(qsizetype count)
{
    for (qsizetype i = 0; i < count; ++i)
        m_core.records().publish(m_claims[i]);
    m_claims.erase(m_claims.begin(), m_claims.begin() + count);
}

void TableChange::releasePassed()
{
    for (const Passed &passed : m_path)
        m_core.records().release({passed.record, passed.version});
}

TableChange::End TableChange::put()
{
    const qsizetype needed = m_found ? m_path.size() : 1;
    if (!claimRecords(needed))
        return End::Exhausted;
    if (!m_found && !m_permit) {
        m_permit = m_core.permits().claim();
        if (!m_permit) {
            // First the table, then the row: somebody may just have made it.
            const bool isFull = m_core.isSurelyFull();
            if (!isUnchanged())
                return End::Again;
            return isFull ? End::Full : End::Crowded;
        }
        m_core.permitBucket(m_permit->index).store(m_bucket, std::memory_order_relaxed);
        m_core.usePageOf(m_bucket);
    }
    const quint32 row = m_claims[needed - 1].index;
    quint32 head = row + 1;
    if (m_found) {
        writeRow(row, m_tail, m_rowPermit.index);
        head = copyPath(head);
    } else {
        writeRow(row, quint32(m_word >> 32), m_permit->index);
    }
    // First, so that no row expires unnoticed because its author has died behind the exchange.
    if (expires != 0)
        m_core.noteExpiry(expires);
    if (!exchange(head))
        return End::Again;
    publishRecords(needed);
    if (m_found) {
        releasePassed();
    } else {
        m_core.permits().publish(*m_permit);
        m_permit.reset();
    }
    return End::Done;
}

TableChange::End TableChange::remove()
{
    const qsizetype needed = m_path.size() - 1;
    if (!claimRecords(needed))
        return End::Exhausted;
    if (!exchange(copyPath(m_tail)))
        return End::Again;
    publishRecords(needed);
    releasePassed();
    m_core.releasePermit(m_rowPermit);
    return End::Done;
}

Result<void> TablePatience::consider(TableChange::End end)
{
    if (end == TableChange::End::Full || end == TableChange::End::Crowded) {
        if (!m_hasPurged && TableCore::isExpired(m_core.nextExpiry().load(std::memory_order_acquire))) {
            m_hasPurged = true;
            TableSweep(m_core, TableSweep::Aim::Expired).finish();
            return {};
        }
        // Who is in the middle of an insert may have no use for its place: then this one can have it.
        if (end == TableChange::End::Full || ++m_attempts > mostWaits) {
            return Error(Error::Busy,
                         QStringLiteral("table \"%1\" is full: it holds %2 rows; raise its size in [[table]]")
                             .arg(m_core.info().name)
                             .arg(m_core.info().size));
        }
    }
    if (end == TableChange::End::Exhausted && ++m_attempts > mostWaits) {
        return Error(Error::Busy,
                     QStringLiteral("table \"%1\" has no room to prepare a change: too many processes are in the "
                                    "middle of one, or were stopped there; try again later")
                         .arg(m_core.info().name));
    }
    if (end != TableChange::End::Again)
        std::this_thread::sleep_for(waitTime);
    return {};
}

} // namespace Quern
