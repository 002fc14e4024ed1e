#include "tablelayout_p.h"

#include <bit>

namespace Quern {

namespace {

constexpr quint64 pageSize = 4096;
constexpr quint64 controlSize = 64; ///< of the words that TableCore has for the whole table

quint64 aligned(quint64 offset, quint64 alignment = 64)
{
    return (offset + alignment - 1) / alignment * alignment;
}

/// The bytes of the three kinds of bits for \a count things.
quint64 poolBitsSize(quint32 count)
{
    const quint32 words = TablePool::wordsFor(count);
    return (quint64(words) + 2 * TablePool::wordsFor(words)) * 8;
}

} // namespace

TableGeometry TableGeometry::of(const TableInfo &info)
{
    TableGeometry geometry;
    geometry.records = info.size + qMax<quint32>(256, info.size / 8);
    geometry.recordWords = FirstColumnWord;
    for (const ColumnInfo &column : info.columns)
        geometry.recordWords += columnWords(column);
    geometry.buckets = std::bit_ceil(2 * info.size);
    quint64 end = controlSize;
    const auto place = [&end](quint64 size, quint64 alignment = 64) {
        const quint64 start = aligned(end, alignment);
        end = start + size;
        return start;
    };
    geometry.permitBits = place(poolBitsSize(info.size));
    geometry.recordBits = place(poolBitsSize(geometry.records));
    geometry.bucketBits = place(quint64(TablePool::wordsFor(geometry.buckets / BucketsPerPage + 1)) * 8);
    geometry.permitsAt = place(quint64(info.size) * PermitWords * 8);
    geometry.bucketsAt = place(quint64(geometry.buckets) * 8, geometry.buckets >= BucketsPerPage ? pageSize : 64);
    geometry.recordsAt = place(quint64(geometry.records) * geometry.recordWords * 8);
    geometry.total = aligned(end, pageSize);
    return geometry;
}

} // namespace Quern
