#include "tablevalues_p.h"

#include <QMetaType>

#include <bit>
#include <cmath>
#include <cstring>

namespace Quern {

namespace {

QString typeText(const ColumnInfo &column)
{
    switch (column.type) {
    case ColumnInfo::Type::Int:
        return QStringLiteral("an integer");
    case ColumnInfo::Type::Float:
        return QStringLiteral("a number");
    case ColumnInfo::Type::String:
        break;
    }
    return QStringLiteral("a string");
}

/// An integer that takes all 64 bits without a sign.
bool isBeyond(const QVariant &value)
{
    const int type = value.typeId();
    return (type == QMetaType::ULong || type == QMetaType::ULongLong) && value.toULongLong() >> 63 != 0;
}

/// The integer that \a value is without loss; nullopt if it is none.
std::optional<qint64> integerOf(const QVariant &value)
{
    switch (value.typeId()) {
    case QMetaType::Bool:
    case QMetaType::Char:
    case QMetaType::SChar:
    case QMetaType::UChar:
    case QMetaType::Short:
    case QMetaType::UShort:
    case QMetaType::Int:
    case QMetaType::UInt:
    case QMetaType::Long:
    case QMetaType::LongLong:
        return value.toLongLong();
    case QMetaType::ULong:
    case QMetaType::ULongLong:
        return isBeyond(value) ? std::nullopt : std::optional<qint64>(value.toLongLong());
    case QMetaType::Float:
    case QMetaType::Double: {
        // JSON has no other numbers.
        const double number = value.toDouble();
        if (std::trunc(number) == number && std::abs(number) <= double(1LL << 53))
            return qint64(number);
        return std::nullopt;
    }
    default:
        return std::nullopt;
    }
}

/// The same of any number.
std::optional<double> numberOf(const QVariant &value)
{
    const int type = value.typeId();
    if (type == QMetaType::Double || type == QMetaType::Float || isBeyond(value))
        return value.toDouble();
    if (const std::optional<qint64> integer = integerOf(value))
        return double(*integer);
    return std::nullopt;
}

QString shownValue(const QVariant &value)
{
    if (!value.isValid())
        return QStringLiteral("nothing");
    const int type = value.typeId();
    if (type == QMetaType::QString || type == QMetaType::QByteArray)
        return QStringLiteral("a string");
    if (numberOf(value))
        return value.toString();
    return QString::fromLatin1(value.typeName());
}

Error tooWide(const TableCore &core, const ColumnInfo &column, const QString &number)
{
    return Error(Error::TooLarge,
                 QStringLiteral("%1 does not fit into column \"%2\" of table \"%3\", an integer of %4 bytes")
                     .arg(number, column.name, core.info().name)
                     .arg(column.bytes));
}

Error tooLong(const TableCore &core, const ColumnInfo &column, qsizetype size)
{
    return Error(Error::TooLarge,
                 QStringLiteral("%1 bytes do not fit into column \"%2\" of table \"%3\", which takes %4")
                     .arg(size)
                     .arg(column.name, core.info().name)
                     .arg(column.bytes));
}

} // namespace

Error wrongType(const TableCore &core, const ColumnInfo &column, const QString &given)
{
    return Error(Error::Invalid, QStringLiteral("column \"%1\" of table \"%2\" takes %3, not %4")
                                     .arg(column.name, core.info().name, typeText(column), given));
}

Result<void> checkWidth(const TableCore &core, const ColumnInfo &column, qint64 value)
{
    const int bits = 8 * column.bytes - 1;
    if (bits >= 63 || (value >> bits) == 0 || (value >> bits) == -1)
        return {};
    return tooWide(core, column, QString::number(value));
}

Error foreignColumn(const TableCore &core, bool isNull)
{
    return Error(Error::Invalid,
                 (isNull ? QStringLiteral("a null column was given to table \"%1\": look it up by "
                                          "intColumn(), floatColumn() or stringColumn()")
                         : QStringLiteral("a column of another table was given to table \"%1\": look it "
                                          "up there"))
                     .arg(core.info().name));
}

Result<int> namedColumn(const TableCore &core, const QString &name)
{
    const int column = core.findColumn(name);
    if (column >= 0)
        return column;
    QStringList known;
    for (const ColumnInfo &each : core.info().columns)
        known.append(each.name);
    return Error(Error::Invalid, QStringLiteral("table \"%1\" has no column \"%2\"; it has: %3")
                                     .arg(core.info().name, name, known.join(QStringLiteral(", "))));
}

Result<qint64> integerFor(const TableCore &core, const ColumnInfo &column, const QVariant &value)
{
    if (isBeyond(value))
        return tooWide(core, column, value.toString());
    const std::optional<qint64> integer = integerOf(value);
    return integer ? Result<qint64>(*integer) : wrongType(core, column, shownValue(value));
}

Result<double> numberFor(const TableCore &core, const ColumnInfo &column, const QVariant &value)
{
    const std::optional<double> number = numberOf(value);
    return number ? Result<double>(*number) : wrongType(core, column, shownValue(value));
}

Result<TableValues::Value> TableValues::checked(const TableCore &core, const ColumnValue &value)
{
    if (value.core != &core)
        return foreignColumn(core, !value.core);
    const ColumnInfo &column = core.info().columns[value.place];
    switch (value.type) {
    case ColumnInfo::Type::Int:
        if (value.isOutOfRange)
            return tooWide(core, column, QString::number(quint64(value.integer)));
        if (column.bytes < 8) {
            if (const Result<void> fits = checkWidth(core, column, value.integer); !fits)
                return fits.error();
        }
        return Value{value.place, quint64(value.integer), {}, {}};
    case ColumnInfo::Type::Float:
        return Value{value.place, std::bit_cast<quint64>(value.number), {}, {}};
    case ColumnInfo::Type::String:
        break;
    }
    if (value.bytes.size() > column.bytes)
        return tooLong(core, column, value.bytes.size());
    return Value{value.place, quint64(value.bytes.size()), value.bytes, value.owned};
}

Result<TableValues::Value> TableValues::checked(const TableCore &core, int number, const QVariant &value)
{
    const ColumnInfo &column = core.info().columns[number];
    const int type = value.typeId();
    if (column.type == ColumnInfo::Type::Int) {
        const Result<qint64> integer = integerFor(core, column, value);
        if (!integer)
            return integer.error();
        if (const Result<void> fits = checkWidth(core, column, *integer); !fits)
            return fits.error();
        return Value{number, quint64(*integer), {}, {}};
    }
    if (column.type == ColumnInfo::Type::Float) {
        const Result<double> real = numberFor(core, column, value);
        if (!real)
            return real.error();
        return Value{number, std::bit_cast<quint64>(*real), {}, {}};
    }
    if (type != QMetaType::QString && type != QMetaType::QByteArray)
        return wrongType(core, column, shownValue(value));
    const QByteArray bytes = type == QMetaType::QString ? value.toString().toUtf8() : value.toByteArray();
    if (bytes.size() > column.bytes)
        return tooLong(core, column, bytes.size());
    return Value{number, quint64(bytes.size()), bytes, bytes};
}

Result<TableValues> TableValues::of(const TableCore &core, std::initializer_list<ColumnValue> values)
{
    TableValues all;
    for (const ColumnValue &each : values) {
        Result<Value> value = checked(core, each);
        if (!value)
            return value.error();
        all.m_values.append(std::move(*value));
    }
    return all;
}

Result<TableValues> TableValues::of(const TableCore &core, const QVariantMap &values)
{
    TableValues all;
    for (auto it = values.cbegin(); it != values.cend(); ++it) {
        const Result<int> column = namedColumn(core, it.key());
        if (!column)
            return column.error();
        Result<Value> value = checked(core, *column, it.value());
        if (!value)
            return value.error();
        all.m_values.append(std::move(*value));
    }
    return all;
}

void TableValues::store(const TableCore &core, quint64 *words) const
{
    for (const Value &value : m_values) {
        const quint32 word = core.columnWord(value.column);
        words[word] = value.word;
        if (value.bytes.isEmpty())
            continue;
        words[word + (value.word + 7) / 8] = 0; // what is behind the last byte
        std::memcpy(words + word + 1, value.bytes.data(), std::size_t(value.bytes.size()));
    }
}

bool TableValues::matches(const TableCore &core, const quint64 *words) const
{
    for (const Value &value : m_values) {
        const quint32 word = core.columnWord(value.column);
        if (words[word] != value.word)
            return false;
        if (!value.bytes.isEmpty() &&
            std::memcmp(words + word + 1, value.bytes.data(), std::size_t(value.bytes.size())) != 0)
            return false;
    }
    return true;
}

} // namespace Quern
