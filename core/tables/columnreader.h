#pragma once

#include <Quern/table.h>

#include <QByteArrayView>
#include <QList>

namespace Quern::tables {

/// One column of a table, looked up once: what it holds in a row. A value type; valid as long as its table.
class ColumnReader
{
public:
    /// One for each column of \a table, in their order.
    static QList<ColumnReader> of(const Table &table);

    const ColumnInfo &info() const { return m_info; }
    // Each for a column of that type; 0 or "" of another.
    qint64 integer(const Row &row) const { return row.value(m_integers); }
    double number(const Row &row) const { return row.value(m_numbers); }
    /// Valid as long as the row.
    QByteArrayView bytes(const Row &row) const { return row.view(m_strings); }
    /// Any of them as a text: "12", "0.5", the bytes of a string.
    QByteArray text(const Row &row) const;

private:
    ColumnReader() = default;

    ColumnInfo m_info;
    IntColumn m_integers;
    FloatColumn m_numbers;
    StringColumn m_strings;
};

} // namespace Quern::tables
