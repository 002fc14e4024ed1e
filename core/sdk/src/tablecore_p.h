#pragma once

#include "tablelayout_p.h"

#include <QByteArrayView>
#include <QString>

#include <array>
#include <memory>
#include <optional>
#include <utility>

namespace Quern {

/// A key as records hold it. One word more than it has, for the hash.
struct KeyWords
{
    std::array<quint64, TableKey::MaxSize / 8 + 1> words = {};
    quint32 size = 0; ///< in bytes
    quint64 hash = 0; ///< in the table that has made it

    quint32 count() const { return (size + 7) / 8; }
};

/// One table as this process sees it: where everything lies, and how it is read. Any thread.
///
/// A bucket is one word, the first record of a chain + 1, 32 bits | a count of its changes, 32 bits. Whatever happens
/// to a row is prepared in records of one's own and becomes true by one exchange of that word. So whoever reads a chain
/// has read it whole if the word is still the same behind it; records that were given back meanwhile, and hold
/// something else by now, have done no harm.
class QUERN_EXPORT TableCore
{
public:
    /// The table \a info at \a base, which \a memory keeps; \a seed is that of its directory.
    TableCore(std::shared_ptr<void> memory, std::byte *base, TableInfo info, HashSeed seed);
    Q_DISABLE_COPY_MOVE(TableCore)

    const TableInfo &info() const { return m_info; }
    const TableGeometry &geometry() const { return m_geometry; }
    /// The first word of the values of the column \a number, among those of all columns.
    quint32 columnWord(int number) const { return m_columnWords[std::size_t(number)]; }
    quint32 valueWords() const { return m_geometry.recordWords - FirstColumnWord; }
    /// -1 if there is none.
    int findColumn(const QString &name) const;

    /// Error::Invalid if no row can have the key.
    Result<KeyWords> keyOf(QByteArrayView key) const;
    quint32 bucketOf(const KeyWords &key) const { return quint32(key.hash) & (m_geometry.buckets - 1); }
    quint64 metaOf(const KeyWords &key) const
    {
        return bucketOf(key) | (key.hash >> 40) << 32 | quint64(key.size) << 56;
    }

    /// Calls \a copy with the words of the record of \a key and returns true, or returns false if there is none. It may
    /// be called more often; what it has copied at last is whole.
    template <typename Copy>
    bool read(const KeyWords &key, Copy copy) const;
    /// Copies the values of a record, as far as they are used.
    void copyValues(const SharedWord *record, quint64 *values) const;
    /// The same of one column of strings: length and bytes.
    void copyString(const SharedWord *record, int column, quint64 *words) const;
    quint32 columnWords(int number) const { return Quern::columnWords(m_info.columns[number]); }
    std::optional<Row> rowOf(const std::shared_ptr<const TableCore> &self, const KeyWords &key) const;
    /// All rows of a bucket at one moment.
    void readBucket(const std::shared_ptr<const TableCore> &self, quint32 bucket, QList<KeyedRow> &rows) const;

    /// Whether the chain of \a bucket refers to the record, or to a row with the permit \a index.
    bool refersToRecord(quint32 bucket, quint32 index) const;
    bool refersToPermit(quint32 bucket, quint32 index) const;

    TablePool &records() const { return m_records; }
    TablePool &permits() const { return m_permits; }
    SharedWord *record(quint32 index) const { return m_recordWords + std::size_t(index) * m_geometry.recordWords; }
    SharedWord &permitBucket(quint32 index) const
    {
        return m_permitWords[std::size_t(index) * PermitWords + PermitBucketWord];
    }
    SharedWord &bucket(quint32 index) const { return m_buckets[index]; }
    /// The bucket's word; 0, and no memory is taken, where nothing has ever been.
    quint64 bucketWord(quint32 index) const
    {
        return isPageUsed(index / BucketsPerPage) ? m_buckets[index].load(std::memory_order_acquire) : 0;
    }
    bool isPageUsed(quint32 page) const
    {
        return (m_bucketBits[page / 64].load(std::memory_order_acquire) >> (page % 64) & 1) != 0;
    }
    /// To be called before something is put there.
    void usePageOf(quint32 bucket) const;
    bool isKey(const SharedWord *record, const KeyWords &key, quint64 meta) const;

    /// When the next row may expire; 0 if none ever may.
    SharedWord &nextExpiry() const { return *m_nextExpiry; }
    /// Gives the right to a row back.
    void releasePermit(PoolClaim permit) const;
    /// The same, if its header is \a expected still.
    void reclaimPermit(quint32 index, quint64 expected) const;
    /// Whether all rows are there, and nobody is in the middle of an insert.
    bool isSurelyFull() const;
    /// A row expires at \a time.
    void noteExpiry(quint64 time) const;
    static bool isExpired(quint64 expires) { return expires != 0 && expires <= tableClock(); }

    quint64 count() const { return m_permits.takenCount(); }
    TableStats stats() const;
    /// Bytes of memory that the table takes up.
    quint64 residentMemory() const;

private:
    /// Walks the chain that \a word begins, calling \a visit with record and its index until it returns true. False if
    /// the bucket has changed meanwhile: then what was seen says nothing.
    template <typename Visit>
    bool walk(quint32 bucket, quint64 word, Visit visit) const;
    bool isUnchanged(quint32 bucket, quint64 word) const
    {
        std::atomic_thread_fence(std::memory_order_acquire);
        return bucketWord(bucket) == word;
    }

    const std::shared_ptr<void> m_memory;
    std::byte *const m_base;
    const TableInfo m_info;
    const HashSeed m_seed;
    const TableGeometry m_geometry;
    std::vector<quint32> m_columnWords;
    SharedWord *const m_nextExpiry;
    SharedWord *const m_permitsReleased; ///< how often one was given back
    SharedWord *const m_fullAt;          ///< at which of these + 1 the table was full; 0: never
    SharedWord *const m_bucketBits;
    SharedWord *const m_permitWords;
    SharedWord *const m_buckets;
    SharedWord *const m_recordWords;
    mutable TablePool m_permits;
    mutable TablePool m_records;
};

template <typename Visit>
bool TableCore::walk(quint32 bucket, quint64 word, Visit visit) const
{
    constexpr quint32 patience = 32;
    quint32 steps = 0;
    for (auto next = quint32(word >> 32); next != 0;) {
        // What was given back meanwhile may lead anywhere, and in circles.
        if (next > m_geometry.records || (++steps % patience == 0 && !isUnchanged(bucket, word)))
            return false;
        if (steps > m_geometry.records)
            break; // somebody has written where he should not
        const SharedWord *found = record(next - 1);
        if (visit(found, next - 1))
            break;
        next = quint32(found[LinkWord].load(std::memory_order_relaxed));
    }
    return isUnchanged(bucket, word);
}

template <typename Copy>
bool TableCore::read(const KeyWords &key, Copy copy) const
{
    const quint32 bucket = bucketOf(key);
    const quint64 meta = metaOf(key);
    for (;;) {
        const quint64 word = bucketWord(bucket);
        bool isThere = false;
        const bool isWhole = walk(bucket, word, [&](const SharedWord *record, quint32) {
            if (!isKey(record, key, meta))
                return false;
            isThere = !isExpired(record[ExpiresWord].load(std::memory_order_relaxed));
            if (isThere)
                copy(record);
            return true;
        });
        if (isWhole)
            return isThere;
    }
}

} // namespace Quern
