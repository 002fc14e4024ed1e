#include "atomiccore_p.h"
#include "tablecore_p.h"

#include <QRandomGenerator>
#include <QSet>

#include <cstring>
#include <ctime>
#include <mutex>

#include <sys/mman.h>

namespace Quern {

namespace {

constexpr quint64 areaMagic = 0x31656c6261546e51; ///< "QnTable1"
constexpr quint64 pageSize = 4096;
constexpr qsizetype longestName = 64;

struct AreaHeader
{
    quint64 magic;
    quint64 size;
    quint32 tables;
    quint32 columns; ///< of all tables
    quint32 atomics;
    quint32 unused;
};

struct NameEntry
{
    quint64 length;
    char bytes[longestName];
};

struct TableEntry
{
    NameEntry name;
    quint64 offset;
    HashSeed seed;
    quint32 size;
    quint32 columns;
};

struct ColumnEntry
{
    NameEntry name;
    quint32 type;
    quint32 bytes;
};

struct AtomicEntry
{
    NameEntry name;
    quint64 offset;
};

quint64 wholePages(quint64 size)
{
    return (size + pageSize - 1) / pageSize * pageSize;
}

/// Where the parts of an area lie.
struct AreaPlaces
{
    quint64 columns = 0; ///< entries; those of the tables follow the header
    quint64 atomics = 0;
    quint64 cells = 0;
    quint64 tables = 0;

    AreaPlaces(quint64 tableCount, quint64 columnCount, quint64 atomicCount)
        : columns(sizeof(AreaHeader) + tableCount * sizeof(TableEntry))
        , atomics(columns + columnCount * sizeof(ColumnEntry))
        , cells((atomics + atomicCount * sizeof(AtomicEntry) + 63) / 64 * 64)
        , tables(wholePages(cells + atomicCount * sizeof(AtomicCell)))
    {
    }
};

quint64 columnCount(const SharedInfo &info)
{
    quint64 count = 0;
    for (const TableInfo &table : info.tables)
        count += quint64(table.columns.size());
    return count;
}

AreaPlaces placesOf(const SharedInfo &info)
{
    return {quint64(info.tables.size()), columnCount(info), quint64(info.atomics.size())};
}

template <typename Entry>
Entry *entriesAt(void *memory, quint64 offset)
{
    return reinterpret_cast<Entry *>(static_cast<std::byte *>(memory) + offset);
}

void writeName(NameEntry &entry, const QString &name)
{
    const QByteArray bytes = name.toUtf8();
    entry.length = quint64(qMin(bytes.size(), longestName));
    std::memcpy(entry.bytes, bytes.constData(), entry.length);
}

QString readName(const NameEntry &entry)
{
    return QString::fromUtf8(entry.bytes, qMin(qsizetype(entry.length), longestName));
}

Error damaged()
{
    return Error(Error::Invalid, QStringLiteral("the shared memory of tables and atomics is none: it has no directory "
                                                "of this version"));
}

Result<void> checkNames(const QStringList &names, const QString &what)
{
    QSet<QString> seen;
    for (const QString &name : names) {
        if (name.isEmpty() || name.toUtf8().size() > longestName)
            return Error(
                Error::Invalid,
                QStringLiteral("the name of %1 has 1 to %2 bytes: \"%3\"").arg(what).arg(longestName).arg(name));
        if (seen.contains(name))
            return Error(Error::Invalid, QStringLiteral("two of %1 are named \"%2\"").arg(what, name));
        seen.insert(name);
    }
    return {};
}

Result<void> checkColumn(const QString &table, const ColumnInfo &column)
{
    const int b = column.bytes;
    const bool isPossible = column.type == ColumnInfo::Type::Int     ? b == 1 || b == 2 || b == 4 || b == 8
                            : column.type == ColumnInfo::Type::Float ? b == 8
                                                                     : b >= 1 && b <= MaxStringBytes;
    if (isPossible)
        return {};
    return Error(Error::Invalid,
                 QStringLiteral("column \"%1\" of table \"%2\" cannot have %3 bytes: an integer has 1, 2, 4 or 8, a "
                                "float 8, a string 1 to %4")
                     .arg(column.name, table)
                     .arg(b)
                     .arg(MaxStringBytes));
}

} // namespace

quint64 SharedArea::sizeOf(const SharedInfo &info)
{
    quint64 size = placesOf(info).tables;
    for (const TableInfo &table : info.tables)
        size += TableGeometry::of(table).total;
    return size;
}

void SharedArea::format(void *memory, const SharedInfo &info)
{
    const AreaPlaces places = placesOf(info);
    quint64 offset = places.tables;
    auto *table = entriesAt<TableEntry>(memory, sizeof(AreaHeader));
    auto *column = entriesAt<ColumnEntry>(memory, places.columns);
    for (const TableInfo &each : info.tables) {
        writeName(table->name, each.name);
        table->offset = offset;
        table->seed = {QRandomGenerator::system()->generate64(), QRandomGenerator::system()->generate64()};
        table->size = each.size;
        table->columns = quint32(each.columns.size());
        offset += TableGeometry::of(each).total;
        ++table;
        for (const ColumnInfo &eachColumn : each.columns) {
            writeName(column->name, eachColumn.name);
            column->type = quint32(eachColumn.type);
            column->bytes = quint32(eachColumn.bytes);
            ++column;
        }
    }
    auto *atomic = entriesAt<AtomicEntry>(memory, places.atomics);
    quint64 cell = places.cells;
    for (const AtomicInfo &each : info.atomics) {
        writeName(atomic->name, each.name);
        atomic->offset = cell;
        entriesAt<AtomicCell>(memory, cell)->value.store(each.value, std::memory_order_relaxed);
        cell += sizeof(AtomicCell);
        ++atomic;
    }
    *entriesAt<AreaHeader>(memory, 0) = {.magic = areaMagic,
                                         .size = offset,
                                         .tables = quint32(info.tables.size()),
                                         .columns = quint32(columnCount(info)),
                                         .atomics = quint32(info.atomics.size()),
                                         .unused = 0};
}

Result<std::shared_ptr<SharedArea>> SharedArea::open(std::shared_ptr<void> memory, quint64 size)
{
    if (size < sizeof(AreaHeader))
        return damaged();
    const AreaHeader header = *entriesAt<AreaHeader>(memory.get(), 0);
    if (header.magic != areaMagic || header.size != size)
        return damaged();
    const AreaPlaces places(header.tables, header.columns, header.atomics);
    if (places.tables > size)
        return damaged();
    auto area = std::make_shared<SharedArea>();
    const auto *column = entriesAt<ColumnEntry>(memory.get(), places.columns);
    const auto *columnEnd = column + header.columns;
    for (quint32 i = 0; i < header.tables; ++i) {
        const TableEntry &entry = entriesAt<TableEntry>(memory.get(), sizeof(AreaHeader))[i];
        if (entry.columns > columnEnd - column)
            return damaged();
        TableInfo info{readName(entry.name), entry.size, {}};
        for (const auto *end = column + entry.columns; column != end; ++column)
            info.columns.append({readName(column->name), ColumnInfo::Type(column->type), int(column->bytes)});
        if (entry.size == 0 || entry.offset > size || TableGeometry::of(info).total > size - entry.offset)
            return damaged();
        auto *base = static_cast<std::byte *>(memory.get()) + entry.offset;
        area->m_tables.push_back(std::make_shared<TableCore>(memory, base, std::move(info), entry.seed));
    }
    for (quint32 i = 0; i < header.atomics; ++i) {
        const AtomicEntry &entry = entriesAt<AtomicEntry>(memory.get(), places.atomics)[i];
        if (entry.offset > size - sizeof(AtomicCell))
            return damaged();
        area->m_atomics.push_back(std::make_shared<AtomicCore>(
            AtomicCore{memory, entriesAt<AtomicCell>(memory.get(), entry.offset), readName(entry.name)}));
    }
    return area;
}

Result<std::shared_ptr<SharedArea>> SharedArea::createAnonymous(const SharedInfo &info)
{
    if (const Result<void> checked = check(info); !checked)
        return checked.error();
    const quint64 size = sizeOf(info);
    void *data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED)
        return Error(Error::Io, QStringLiteral("there are no %1 bytes of memory for tables").arg(size));
    std::shared_ptr<void> memory(data, [size](void *mapped) { ::munmap(mapped, size); });
    format(data, info);
    return open(std::move(memory), size);
}

Result<void> SharedArea::check(const SharedInfo &info)
{
    QStringList names;
    for (const TableInfo &table : info.tables) {
        names.append(table.name);
        QStringList columns;
        for (const ColumnInfo &column : table.columns) {
            columns.append(column.name);
            if (const Result<void> checked = checkColumn(table.name, column); !checked)
                return checked;
        }
        if (const Result<void> checked =
                checkNames(columns, QStringLiteral("the columns of table \"%1\"").arg(table.name));
            !checked)
            return checked;
        if (table.size < 1 || table.size > MaxTableSize || table.columns.isEmpty() || columns.size() > MaxColumns)
            return Error(Error::Invalid,
                         QStringLiteral("table \"%1\" has to have a size of 1 to %2 and 1 to %3 columns")
                             .arg(table.name)
                             .arg(MaxTableSize)
                             .arg(MaxColumns));
    }
    if (const Result<void> checked = checkNames(names, QStringLiteral("the tables")); !checked)
        return checked;
    names.clear();
    for (const AtomicInfo &atomic : info.atomics)
        names.append(atomic.name);
    return checkNames(names, QStringLiteral("the atomics"));
}

quint64 tableClock()
{
    timespec now = {};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return quint64(now.tv_sec) * 1000 + quint64(now.tv_nsec) / 1'000'000;
}

} // namespace Quern
