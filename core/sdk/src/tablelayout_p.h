#pragma once

#include "siphash_p.h"
#include "tablepool_p.h"

#include <Quern/atomic.h>
#include <Quern/result.h>
#include <Quern/table.h>

#include <QList>

#include <cstddef>
#include <memory>
#include <vector>

namespace Quern {

// What tables may be at most.
inline constexpr quint32 MaxTableSize = 1 << 24;
inline constexpr int MaxColumns = 256;
inline constexpr int MaxStringBytes = 65536;

/// All tables and atomics of a server: what the settings say of them.
struct SharedInfo
{
    QList<TableInfo> tables;
    QList<AtomicInfo> atomics;

    bool isEmpty() const { return tables.isEmpty() && atomics.isEmpty(); }
    bool operator==(const SharedInfo &) const = default;
};

/// The words of a record in shared memory, 8 bytes each. But for its header it does not change once the table refers to
/// it.
enum RecordWord : quint32 {
    HeaderWord,  ///< see PoolHeader
    LinkWord,    ///< next record of the chain + 1, 0: none | permit << 32
    MetaWord,    ///< bucket | some bits of the hash << 32 | length of the key << 56
    ExpiresWord, ///< in milliseconds, see tableClock(); 0: never
    KeyWord,     ///< the first of KeyWords
    FirstColumnWord = KeyWord + TableKey::MaxSize / 8,
};

/// The words of a permit: who has one may have a row in the table.
enum PermitWord : quint32 {
    PermitHeaderWord,
    PermitBucketWord, ///< where the row is that has it; for the sweep
    PermitWords,
};

/// Where the parts of a table lie, in bytes from its beginning, as its size and columns ask for.
struct QUERN_EXPORT TableGeometry
{
    quint32 records = 0;     ///< more than rows: those that writers prepare
    quint32 recordWords = 0; ///< of each record
    quint32 buckets = 0;     ///< a power of two
    quint64 permitBits = 0;  ///< taken, summary and used, one behind the other
    quint64 recordBits = 0;
    quint64 bucketBits = 0; ///< which pages of buckets have ever been used
    quint64 permitsAt = 0;
    quint64 bucketsAt = 0;
    quint64 recordsAt = 0;
    quint64 total = 0; ///< bytes, whole pages

    static TableGeometry of(const TableInfo &info);
};

/// Buckets whose memory is taken together.
inline constexpr quint32 BucketsPerPage = 512;

/// Words that a column takes.
inline quint32 columnWords(const ColumnInfo &column)
{
    return column.type == ColumnInfo::Type::String ? 1 + (quint32(column.bytes) + 7) / 8 : 1;
}

class TableCore;
class AtomicCore;

/// The memory of all tables and atomics, with a directory at its beginning that says what lies where: whoever maps it
/// needs nothing else. Mapped zero-filled, and taken page by page as rows are used. Any thread.
class QUERN_EXPORT SharedArea
{
public:
    /// How many bytes \a info asks for.
    static quint64 sizeOf(const SharedInfo &info);
    /// Writes the directory into \a memory, all of it zero: sizeOf(info) bytes. \a info has been checked.
    static void format(void *memory, const SharedInfo &info);
    /// What lies in \a memory, which is kept as long as anybody uses it. Error::Invalid if it is no such area.
    static Result<std::shared_ptr<SharedArea>> open(std::shared_ptr<void> memory, quint64 size);
    /// One without a file descriptor: this process has it, and those that it forks.
    static Result<std::shared_ptr<SharedArea>> createAnonymous(const SharedInfo &info);
    /// What keeps \a info from becoming an area, for those who have no settings file; Error::Invalid.
    static Result<void> check(const SharedInfo &info);

    const std::vector<std::shared_ptr<TableCore>> &tables() const { return m_tables; }
    const std::vector<std::shared_ptr<AtomicCore>> &atomics() const { return m_atomics; }

private:
    std::vector<std::shared_ptr<TableCore>> m_tables;
    std::vector<std::shared_ptr<AtomicCore>> m_atomics;
};

/// What Server::table() and Server::atomic() look into from now on; null: there is none. Returns the one before.
QUERN_EXPORT std::shared_ptr<SharedArea> setSharedArea(std::shared_ptr<SharedArea> area);

/// Milliseconds on a clock that all processes share and that goes on while the machine sleeps.
QUERN_EXPORT quint64 tableClock();

} // namespace Quern
