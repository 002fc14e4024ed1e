#include "tablecore_p.h"

#include <algorithm>
#include <cstring>

#include <sys/mman.h>

namespace Quern {

namespace {

SharedWord *wordsAt(std::byte *base, quint64 offset)
{
    return reinterpret_cast<SharedWord *>(base + offset);
}

TablePool::Place placeOf(SharedWord *headers, quint32 stride, quint32 count, SharedWord *bits)
{
    const quint32 words = TablePool::wordsFor(count);
    const quint32 summaryWords = TablePool::wordsFor(words);
    return {headers, stride, count, bits, bits + words, bits + words + summaryWords};
}

} // namespace

TableCore::TableCore(std::shared_ptr<void> memory, std::byte *base, TableInfo info, HashSeed seed)
    : m_memory(std::move(memory))
    , m_base(base)
    , m_info(std::move(info))
    , m_seed(seed)
    , m_geometry(TableGeometry::of(m_info))
    , m_nextExpiry(wordsAt(base, 0))
    , m_permitsReleased(wordsAt(base, 8))
    , m_fullAt(wordsAt(base, 16))
    , m_bucketBits(wordsAt(base, m_geometry.bucketBits))
    , m_permitWords(wordsAt(base, m_geometry.permitsAt))
    , m_buckets(wordsAt(base, m_geometry.bucketsAt))
    , m_recordWords(wordsAt(base, m_geometry.recordsAt))
    , m_permits(placeOf(m_permitWords, PermitWords, m_info.size, wordsAt(base, m_geometry.permitBits)))
    , m_records(
          placeOf(m_recordWords, m_geometry.recordWords, m_geometry.records, wordsAt(base, m_geometry.recordBits)))
{
    quint32 word = 0;
    for (const ColumnInfo &column : m_info.columns) {
        m_columnWords.push_back(word);
        word += Quern::columnWords(column);
    }
}

int TableCore::findColumn(const QString &name) const
{
    const auto found = std::find_if(m_info.columns.cbegin(), m_info.columns.cend(),
                                    [&name](const ColumnInfo &column) { return column.name == name; });
    return found == m_info.columns.cend() ? -1 : int(found - m_info.columns.cbegin());
}

Result<KeyWords> TableCore::keyOf(QByteArrayView key) const
{
    if (key.isEmpty() || key.size() > TableKey::MaxSize) {
        return Error(Error::Invalid,
                     QStringLiteral("a key of table \"%1\" has 1 to %2 bytes, not %3%4")
                         .arg(m_info.name)
                         .arg(TableKey::MaxSize)
                         .arg(key.size())
                         .arg(key.isEmpty() ? QString() : QStringLiteral(": take a hash of it as the key")));
    }
    KeyWords words;
    words.size = quint32(key.size());
    std::memcpy(words.words.data(), key.data(), std::size_t(key.size()));
    words.hash = sipHash(words.words.data(), words.size, m_seed);
    return words;
}

bool TableCore::isKey(const SharedWord *record, const KeyWords &key, quint64 meta) const
{
    if (record[MetaWord].load(std::memory_order_relaxed) != meta)
        return false;
    for (quint32 i = 0; i < key.count(); ++i) {
        if (record[KeyWord + i].load(std::memory_order_relaxed) != key.words[i])
            return false;
    }
    return true;
}

void TableCore::copyString(const SharedWord *record, int column, quint64 *words) const
{
    const SharedWord *from = record + FirstColumnWord + columnWord(column);
    // The length may be any, if the record is another's by now.
    words[0] = std::min(from[0].load(std::memory_order_relaxed), quint64(m_info.columns[column].bytes));
    for (quint32 i = 1; i <= (words[0] + 7) / 8; ++i)
        words[i] = from[i].load(std::memory_order_relaxed);
}

void TableCore::copyValues(const SharedWord *record, quint64 *values) const
{
    for (int i = 0; i < int(m_info.columns.size()); ++i) {
        const quint32 word = columnWord(i);
        if (m_info.columns[i].type == ColumnInfo::Type::String)
            copyString(record, i, values + word);
        else
            values[word] = record[FirstColumnWord + word].load(std::memory_order_relaxed);
    }
}

std::optional<Row> TableCore::rowOf(const std::shared_ptr<const TableCore> &self, const KeyWords &key) const
{
    Row row;
    row.m_words.resize(valueWords());
    const bool isThere = read(key, [&](const SharedWord *record) {
        copyValues(record, row.m_words.data());
        row.m_expires = record[ExpiresWord].load(std::memory_order_relaxed);
    });
    if (!isThere)
        return std::nullopt;
    row.m_core = self;
    return row;
}

void TableCore::readBucket(const std::shared_ptr<const TableCore> &self, quint32 index, QList<KeyedRow> &rows) const
{
    const qsizetype before = rows.size();
    for (;;) {
        const quint64 word = bucketWord(index);
        const bool isWhole = walk(index, word, [&](const SharedWord *record, quint32) {
            const quint64 expires = record[ExpiresWord].load(std::memory_order_relaxed);
            if (isExpired(expires))
                return false;
            KeyWords key;
            key.size =
                std::min(quint32(record[MetaWord].load(std::memory_order_relaxed) >> 56), quint32(TableKey::MaxSize));
            for (quint32 i = 0; i < key.count(); ++i)
                key.words[i] = record[KeyWord + i].load(std::memory_order_relaxed);
            Row row;
            row.m_words.resize(valueWords());
            copyValues(record, row.m_words.data());
            row.m_expires = expires;
            row.m_core = self;
            rows.append(
                {QByteArray(reinterpret_cast<const char *>(key.words.data()), qsizetype(key.size)), std::move(row)});
            return false;
        });
        if (isWhole)
            return;
        rows.resize(before);
    }
}

bool TableCore::refersToRecord(quint32 index, quint32 wanted) const
{
    if (index >= m_geometry.buckets)
        return false;
    for (;;) {
        bool isFound = false;
        if (walk(index, bucketWord(index), [&](const SharedWord *, quint32 found) {
                isFound = found == wanted;
                return isFound;
            }))
            return isFound;
    }
}

bool TableCore::refersToPermit(quint32 index, quint32 wanted) const
{
    if (index >= m_geometry.buckets)
        return false;
    for (;;) {
        bool isFound = false;
        if (walk(index, bucketWord(index), [&](const SharedWord *record, quint32) {
                isFound = record[LinkWord].load(std::memory_order_relaxed) >> 32 == wanted;
                return isFound;
            }))
            return isFound;
    }
}

void TableCore::usePageOf(quint32 index) const
{
    const quint32 page = index / BucketsPerPage;
    if (!isPageUsed(page))
        m_bucketBits[page / 64].fetch_or(quint64(1) << (page % 64), std::memory_order_acq_rel);
}

void TableCore::releasePermit(PoolClaim permit) const
{
    // Twice: whoever has looked in between has seen neither that it is there nor that it is gone.
    m_permitsReleased->fetch_add(1, std::memory_order_seq_cst);
    m_permits.release(permit);
    m_permitsReleased->fetch_add(1, std::memory_order_seq_cst);
}

void TableCore::reclaimPermit(quint32 index, quint64 expected) const
{
    m_permitsReleased->fetch_add(1, std::memory_order_seq_cst);
    m_permits.reclaim(index, expected);
    m_permitsReleased->fetch_add(1, std::memory_order_seq_cst);
}

bool TableCore::isSurelyFull() const
{
    const quint64 released = m_permitsReleased->load(std::memory_order_seq_cst);
    // Looked at once for all who find it full: as long as none is given back, none can be claimed.
    if (m_fullAt->load(std::memory_order_seq_cst) == released + 1)
        return true;
    for (quint32 index = 0; index < m_permits.count(); ++index) {
        if (PoolHeader::state(m_permits.header(index).load(std::memory_order_seq_cst)) != PoolHeader::Published)
            return false;
    }
    if (m_permitsReleased->load(std::memory_order_seq_cst) != released)
        return false;
    m_fullAt->store(released + 1, std::memory_order_seq_cst);
    return true;
}

void TableCore::noteExpiry(quint64 time) const
{
    quint64 next = m_nextExpiry->load(std::memory_order_relaxed);
    while ((next == 0 || time < next) && !m_nextExpiry->compare_exchange_weak(next, time, std::memory_order_acq_rel)) {
    }
}

quint64 TableCore::residentMemory() const
{
    constexpr quint64 pageSize = 4096;
    constexpr quint64 pagesAtOnce = 4096;
    std::array<unsigned char, pagesAtOnce> pages;
    quint64 resident = 0;
    for (quint64 offset = 0; offset < m_geometry.total; offset += pagesAtOnce * pageSize) {
        const quint64 size = std::min(pagesAtOnce * pageSize, m_geometry.total - offset);
        if (::mincore(m_base + offset, size, pages.data()) != 0)
            return m_geometry.total;
        resident += quint64(std::count_if(pages.begin(), pages.begin() + std::ptrdiff_t(size / pageSize),
                                          [](unsigned char page) { return (page & 1) != 0; })) *
                    pageSize;
    }
    return resident;
}

TableStats TableCore::stats() const
{
    TableStats stats;
    stats.size = m_info.size;
    stats.memoryLimit = m_geometry.total;
    for (quint32 index = 0; index < m_geometry.buckets; ++index) {
        if (!isPageUsed(index / BucketsPerPage)) {
            index |= BucketsPerPage - 1;
            continue;
        }
        quint64 length = 0;
        do {
            length = 0;
        } while (!walk(index, bucketWord(index), [&length](const SharedWord *, quint32) {
            ++length;
            return false;
        }));
        stats.rows += length;
        stats.collisions += length > 1 ? length - 1 : 0;
        stats.longestChain = std::max(stats.longestChain, length);
    }
    stats.memory = residentMemory();
    stats.load = double(stats.rows) / double(stats.size);
    return stats;
}

} // namespace Quern
