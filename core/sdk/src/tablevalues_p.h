#pragma once

#include "tablechange_p.h"

#include <Quern/table.h>

#include <QVariantMap>

#include <initializer_list>

namespace Quern {

/// Values that were checked against the columns of a table: they can be stored. Does not keep the bytes of those that
/// it was made of. Lives on the stack of a call.
class TableValues
{
public:
    static Result<TableValues> of(const TableCore &core, std::initializer_list<ColumnValue> values);
    static Result<TableValues> of(const TableCore &core, const QVariantMap &values);

    void store(const TableCore &core, quint64 *words) const;
    /// Whether the row of which these are the values has them.
    bool matches(const TableCore &core, const quint64 *words) const;

private:
    struct Value
    {
        int column;
        quint64 word; ///< number, or length
        QByteArrayView bytes;
        QByteArray owned;
    };

    static Result<Value> checked(const TableCore &core, const ColumnValue &value);
    static Result<Value> checked(const TableCore &core, int column, const QVariant &value);

    QVarLengthArray<Value, 8> m_values;
};

/// Error::TooLarge if \a value does not fit into \a column.
Result<void> checkWidth(const TableCore &core, const ColumnInfo &column, qint64 value);
/// Error::Invalid: what was given is a null column, or one of another table.
Error foreignColumn(const TableCore &core, bool isNull);
/// The column \a name. Error::Invalid, which tells what there is.
Result<int> namedColumn(const TableCore &core, const QString &name);
/// The integer that \a value is without loss. Error::TooLarge beyond 64 bits, Error::Invalid if it is none.
Result<qint64> integerFor(const TableCore &core, const ColumnInfo &column, const QVariant &value);
/// The same of any number.
Result<double> numberFor(const TableCore &core, const ColumnInfo &column, const QVariant &value);
/// Error::Invalid: the column takes something else than what was \a given.
Error wrongType(const TableCore &core, const ColumnInfo &column, const QString &given);

} // namespace Quern
