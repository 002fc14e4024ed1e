#include "tables/columnreader.h"

#include <QLocale>

namespace Quern::tables {

QList<ColumnReader> ColumnReader::of(const Table &table)
{
    QList<ColumnReader> readers;
    const QList<ColumnInfo> columns = table.info().columns;
    for (const ColumnInfo &column : columns) {
        ColumnReader reader;
        reader.m_info = column;
        switch (column.type) {
        case ColumnInfo::Type::Int:
            reader.m_integers = *table.intColumn(column.name);
            break;
        case ColumnInfo::Type::Float:
            reader.m_numbers = *table.floatColumn(column.name);
            break;
        case ColumnInfo::Type::String:
            reader.m_strings = *table.stringColumn(column.name);
            break;
        }
        readers.append(reader);
    }
    return readers;
}

QByteArray ColumnReader::text(const Row &row) const
{
    switch (m_info.type) {
    case ColumnInfo::Type::Int:
        return QByteArray::number(integer(row));
    case ColumnInfo::Type::Float:
        return QByteArray::number(number(row), 'g', QLocale::FloatingPointShortest);
    case ColumnInfo::Type::String:
        break;
    }
    return bytes(row).toByteArray();
}

} // namespace Quern::tables
