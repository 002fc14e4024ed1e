#include "app/server/tablejson.h"

#include <cmath>
#include <limits>

namespace Quern::app {

using namespace Qt::Literals::StringLiterals;

namespace {

struct SpecialNumber
{
    double value;
    QLatin1StringView name;
};
/// What JSON has no numbers for.
constexpr SpecialNumber infinity = {std::numeric_limits<double>::infinity(), "Infinity"_L1};
constexpr SpecialNumber minusInfinity = {-std::numeric_limits<double>::infinity(), "-Infinity"_L1};
constexpr SpecialNumber notANumber = {std::numeric_limits<double>::quiet_NaN(), "NaN"_L1};

QJsonValue numberToJson(double number)
{
    if (std::isnan(number))
        return notANumber.name;
    if (std::isinf(number))
        return number > 0 ? infinity.name : minusInfinity.name;
    return number;
}

std::optional<double> numberFromJson(const QJsonValue &json)
{
    if (json.isDouble())
        return json.toDouble();
    for (const SpecialNumber &special : {infinity, minusInfinity, notANumber}) {
        if (json.toString() == special.name)
            return special.value;
    }
    return std::nullopt;
}

admin::TableColumn::Type typeOf(ColumnInfo::Type type)
{
    using Type = admin::TableColumn::Type;
    return type == ColumnInfo::Type::Int ? Type::Int : type == ColumnInfo::Type::Float ? Type::Float : Type::String;
}

Error wrongValue(const TableInfo &table, const ColumnInfo &column, const QString &wanted, const QJsonValue &given)
{
    return Error(Error::Invalid, u"column \"%1\" of table \"%2\" takes %3, not %4"_s.arg(
                                     column.name, table.name, wanted, admin::shownJson(given)));
}

/// The value as Table::set() takes it.
Result<QVariant> columnValue(const TableInfo &table, const ColumnInfo &column, const QJsonValue &given)
{
    switch (column.type) {
    case ColumnInfo::Type::Int:
        if (const auto integer = admin::WideInteger::fromJson(given))
            return QVariant(qlonglong(integer->value));
        return wrongValue(table, column, admin::WideInteger::expected(), given);
    case ColumnInfo::Type::Float:
        if (const auto number = numberFromJson(given))
            return QVariant(*number);
        return wrongValue(table, column, u"a number, \"NaN\", \"Infinity\" or \"-Infinity\""_s, given);
    case ColumnInfo::Type::String:
        break;
    }
    if (const auto text = admin::TextOrBytes::fromJson(given))
        return QVariant(text->bytes);
    return wrongValue(table, column, admin::TextOrBytes::expected(), given);
}

} // namespace

admin::TableDescription tableDescription(const tables::TableFill &fill, const TableInfo &info)
{
    admin::TableDescription table;
    table.name = fill.name;
    table.size = qint64(fill.size);
    table.rows = qint64(fill.rows);
    table.memory = qint64(fill.memory);
    table.memoryLimit = qint64(fill.memoryLimit);
    for (const ColumnInfo &column : info.columns)
        table.columns.append({column.name, typeOf(column.type), column.bytes});
    return table;
}

qsizetype messageBytes(const admin::TableDescription &table)
{
    constexpr qsizetype bytesOfTable = 200;
    constexpr qsizetype bytesOfColumn = 50;
    constexpr qsizetype bytesOfEscape = 6; // \u0001
    qsizetype size = bytesOfTable + table.name.size() * bytesOfEscape;
    for (const admin::TableColumn &column : table.columns)
        size += bytesOfColumn + column.name.size() * bytesOfEscape;
    return size;
}

admin::TableRow tableRow(const QList<tables::ColumnReader> &columns, const KeyedRow &row)
{
    admin::TableRow shown;
    shown.key = {row.key};
    // Whatever is no string fits in any case, and is never left out.
    qsizetype stringsLeft = tables::PageBounds().bytes - tables::shownBytes(columns, row);
    for (const tables::ColumnReader &column : columns)
        stringsLeft += column.bytes(row.row).size();
    for (const tables::ColumnReader &column : columns) {
        const QString &name = column.info().name;
        switch (column.info().type) {
        case ColumnInfo::Type::Int:
            shown.values.insert(name, admin::WideInteger{column.integer(row.row)}.toJson());
            continue;
        case ColumnInfo::Type::Float:
            shown.values.insert(name, numberToJson(column.number(row.row)));
            continue;
        case ColumnInfo::Type::String:
            break;
        }
        const QByteArrayView bytes = column.bytes(row.row);
        if (bytes.size() > stringsLeft) {
            shown.values.insert(name, QJsonObject{{u"bytes"_s, qint64(bytes.size())}});
            continue;
        }
        stringsLeft -= bytes.size();
        shown.values.insert(name, admin::TextOrBytes{bytes.toByteArray()}.toJson());
    }
    return shown;
}

Result<QVariantMap> tableValues(const TableInfo &table, const QJsonObject &values)
{
    QVariantMap converted;
    for (auto it = values.begin(); it != values.end(); ++it) {
        const auto column = std::find_if(table.columns.cbegin(), table.columns.cend(),
                                         [&it](const ColumnInfo &each) { return each.name == it.key(); });
        if (column == table.columns.cend()) {
            converted.insert(it.key(), QVariant()); // refused with the names that there are
            continue;
        }
        const Result<QVariant> value = columnValue(table, *column, it.value());
        if (!value)
            return value.error();
        converted.insert(it.key(), *value);
    }
    return converted;
}

} // namespace Quern::app
