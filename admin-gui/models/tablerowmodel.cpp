#include "admin-gui/models/tablerowmodel.h"

#include "admin-gui/models/celltext.h"
#include "admin-gui/models/format.h"

namespace Quern::console {

namespace {

using admin::TableColumn;
using admin::TableRow;

constexpr qsizetype longestTip = 2000;

} // namespace

TableRowModel::TableRowModel(const QList<TableColumn> &columns, QObject *parent)
    : RecordModel([](const TableRow &row) { return celltext::ofBytes(row.key.bytes); }, parent)
    , m_tableColumns(columns)
{
    std::vector<Column<TableRow>> shown{keyColumn()};
    for (const TableColumn &column : columns)
        shown.push_back(valueColumn(column));
    setColumns(std::move(shown));
}

/// Its title is what a text that is to be filled in begins with, in all languages.
Column<TableRow> TableRowModel::keyColumn()
{
    Column<TableRow> key{QStringLiteral("key"),
                         [](const TableRow &row) { return format::oneLine(celltext::ofBytes(row.key.bytes)); }};
    key.tone = [](const TableRow &row) { return celltext::isHex(row.key.bytes) ? Tone::Faint : Tone::Plain; };
    key.toolTip = [](const TableRow &row) {
        return celltext::isHex(row.key.bytes) ? tr("Bytes that are no text, in hex") : QString();
    };
    return key;
}

Column<TableRow> TableRowModel::valueColumn(const TableColumn &column)
{
    const auto valueOf = [name = column.name](const TableRow &row) { return row.values.value(name); };
    Column<TableRow> shown{
        column.name,
        [column, valueOf](const TableRow &row) { return format::oneLine(celltext::ofValue(valueOf(row), column)); },
        [valueOf, type = column.type](const TableRow &a, const TableRow &b) {
            return celltext::compare(valueOf(a), valueOf(b), type);
        }};
    if (column.type != TableColumn::Type::String) {
        shown.alignment = Qt::AlignRight | Qt::AlignVCenter;
        return shown;
    }
    const auto isBytes = [valueOf](const TableRow &row) {
        const auto value = admin::TextOrBytes::fromJson(valueOf(row));
        return value && celltext::isHex(value->bytes);
    };
    shown.tone = [valueOf, isBytes](const TableRow &row) {
        return celltext::omittedBytes(valueOf(row)) >= 0 || isBytes(row) ? Tone::Faint : Tone::Plain;
    };
    shown.toolTip = [column, valueOf, isBytes](const TableRow &row) {
        if (celltext::omittedBytes(valueOf(row)) >= 0)
            return tr("The row is too long to be told in one message");
        if (isBytes(row))
            return tr("Bytes that are no text, in hex");
        return celltext::ofValue(valueOf(row), column).left(longestTip);
    };
    return shown;
}

QString TableRowModel::copyText(const QModelIndex &index) const
{
    const TableRow &row = at(index.row());
    if (index.column() == 0)
        return celltext::inOneCell(row.key.bytes);
    const TableColumn &column = m_tableColumns.at(index.column() - 1);
    const QJsonValue value = row.values.value(column.name);
    const auto bytes = admin::TextOrBytes::fromJson(value);
    return column.type == TableColumn::Type::String && bytes ? celltext::inOneCell(bytes->bytes)
                                                             : celltext::ofValue(value, column);
}

} // namespace Quern::console
