#include "admin-gui/models/tablelistmodel.h"

#include "admin-gui/models/celltext.h"
#include "admin-gui/models/format.h"

namespace Quern::console {

namespace {

using admin::AtomicValue;
using admin::TableDescription;

double share(qint64 part, qint64 whole)
{
    return whole > 0 ? double(part) / double(whole) : 0;
}

Tone fillTone(double fraction)
{
    return fraction >= 1 ? Tone::Bad : fraction >= 0.9 ? Tone::Warning : Tone::Plain;
}

/// "3 of 1,024", with a bar.
Column<TableDescription> fillColumn(const QString &title, QString (*format)(qint64), const QString &text,
                                    qint64 TableDescription::*part, qint64 TableDescription::*whole)
{
    Column<TableDescription> column = numberColumn<TableDescription>(
        title,
        [text, format, part, whole](const TableDescription &table) {
            return text.arg(format(table.*part), format(table.*whole));
        },
        part);
    const auto fraction = [part, whole](const TableDescription &table) { return share(table.*part, table.*whole); };
    column.tone = [fraction](const TableDescription &table) { return fillTone(fraction(table)); };
    column.toolTip = [fraction](const TableDescription &table) { return format::percent(100 * fraction(table)); };
    column.more = [fraction](const TableDescription &table, int role) {
        return role == FractionRole ? QVariant(fraction(table)) : QVariant();
    };
    return column;
}

} // namespace

TableListModel::TableListModel(QObject *parent)
    : RecordModel([](const TableDescription &table) { return table.name; }, parent)
{
    Column<TableDescription> name{tr("Table"), [](const TableDescription &table) { return table.name; }};
    Column<TableDescription> columns{tr("Columns"), [](const TableDescription &table) {
                                         QStringList names;
                                         for (const admin::TableColumn &column : table.columns)
                                             names.append(column.name);
                                         return names.join(QStringLiteral(", "));
                                     }};
    columns.toolTip = [](const TableDescription &table) {
        QStringList lines;
        for (const admin::TableColumn &column : table.columns)
            lines.append(column.name + QStringLiteral(": ") + celltext::typeText(column));
        return lines.join(u'\n');
    };
    setColumns({name,
                fillColumn(tr("Rows"), format::count, tr("%1 of %2"), &TableDescription::rows, &TableDescription::size),
                fillColumn(tr("Memory"), format::bytes, tr("%1 of %2"), &TableDescription::memory,
                           &TableDescription::memoryLimit),
                columns});
}

void TableListModel::setFill(const QList<admin::TableStatus> &tables)
{
    QList<TableDescription> changed;
    for (const admin::TableStatus &status : tables) {
        const TableDescription *known = find(status.name);
        if (!known)
            continue;
        TableDescription table = *known;
        table.rows = status.rows;
        table.size = status.size;
        table.memory = status.memory;
        table.memoryLimit = status.memoryLimit;
        if (table != *known)
            changed.append(table);
    }
    if (!changed.isEmpty())
        putRecords(changed);
}

AtomicModel::AtomicModel(QObject *parent) : RecordModel([](const AtomicValue &atomic) { return atomic.name; }, parent)
{
    setColumns({{tr("Atomic"), [](const AtomicValue &atomic) { return atomic.name; }},
                numberColumn<AtomicValue>(
                    tr("Value"), [](const AtomicValue &atomic) { return format::count(atomic.value.value); },
                    [](const AtomicValue &atomic) { return atomic.value.value; })});
}

} // namespace Quern::console
