#include "app/server/tablesettings.h"

#include "app/host/machine.h"
#include "app/server/settingscheck.h"

#include <algorithm>

namespace Quern::app {

namespace {

ColumnInfo::Type typeOf(config::ColumnSettings::Type type)
{
    switch (type) {
    case config::ColumnSettings::Type::Int:
        return ColumnInfo::Type::Int;
    case config::ColumnSettings::Type::Float:
        return ColumnInfo::Type::Float;
    case config::ColumnSettings::Type::String:
        break;
    }
    return ColumnInfo::Type::String;
}

TableInfo infoOf(const config::TableSettings &settings)
{
    TableInfo info{settings.name, settings.size, {}};
    for (const config::ColumnSettings &column : settings.columns)
        info.columns.append({column.name, typeOf(column.type), column.bytes});
    return info;
}

QString mebibytes(quint64 bytes)
{
    return QStringLiteral("%1 MiB").arg((bytes + (1 << 20) - 1) >> 20);
}

} // namespace

tables::SharedTablesSettings tableSettings(const config::Settings &settings)
{
    tables::SharedTablesSettings result;
    for (const config::TableSettings &table : settings.tables)
        result.tables.append(infoOf(table));
    for (const config::AtomicSettings &atomic : settings.atomics)
        result.atomics.append({atomic.name, atomic.value});
    return result;
}

Result<void> checkTableMemory(const config::Settings &settings, quint64 available)
{
    const tables::SharedTablesSettings all = tableSettings(settings);
    const quint64 needed = tables::SharedTables::sizeOf(all);
    if (needed <= available || all.tables.isEmpty())
        return {};
    const auto sizeOf = [](const TableInfo &table) { return tables::SharedTables::sizeOf({{table}, {}}); };
    const auto largest = std::max_element(
        all.tables.cbegin(), all.tables.cend(),
        [&sizeOf](const TableInfo &one, const TableInfo &other) { return sizeOf(one) < sizeOf(other); });
    const QString key = QStringLiteral("table[%1].size").arg(largest - all.tables.cbegin());
    return errorAtPath(
        settings, key,
        Error(Error::Invalid,
              QStringLiteral("the tables take %1 when they are full, %2 of it table \"%3\", and %4 can "
                             "be had; make it smaller, or give the server more memory")
                  .arg(mebibytes(needed), mebibytes(sizeOf(*largest)), largest->name, mebibytes(available))));
}

Result<void> checkTableMemoryHere(const config::Settings &settings, quint64 leavingMemory)
{
    const std::optional<Machine::Memory> memory = Machine().memory(leavingMemory);
    return memory ? checkTableMemory(settings, quint64(std::max<qint64>(memory->bytes, 0))) : Result<void>();
}

quint64 memoryOf(const tables::SharedTables &tables)
{
    quint64 bytes = 0;
    const QList<tables::TableFill> fills = tables.fill();
    for (const tables::TableFill &fill : fills)
        bytes += fill.memory;
    return bytes;
}

Result<tables::SharedTables> makeTables(const config::Settings &settings)
{
    if (const Result<void> checked = checkTableMemoryHere(settings); !checked)
        return checked.error();
    return tables::SharedTables::create(tableSettings(settings));
}

} // namespace Quern::app
