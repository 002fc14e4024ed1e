#include "admin-gui/models/celltext.h"

#include "admin-gui/models/format.h"

#include <QCoreApplication>
#include <QJsonObject>

#include <algorithm>
#include <cmath>
#include <limits>

namespace Quern::console::celltext {

namespace {

using namespace Qt::Literals::StringLiterals;
using admin::TableColumn;

constexpr QLatin1StringView hexStart("hex:");

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::CellText)
};

Error invalid(const QString &message)
{
    return Error(Error::Invalid, message);
}

bool isHidden(QChar character)
{
    const ushort code = character.unicode();
    return (code < 0x20 && code != '\t' && code != '\n' && code != '\r') || code == 0x7f;
}

QString hexOf(const QByteArray &bytes)
{
    return hexStart + QString::fromLatin1(bytes.toHex());
}

struct SpecialNumber
{
    QLatin1StringView name;
    double value;
};
/// As the protocol has them.
constexpr SpecialNumber specialNumbers[] = {{"NaN"_L1, std::numeric_limits<double>::quiet_NaN()},
                                            {"Infinity"_L1, std::numeric_limits<double>::infinity()},
                                            {"-Infinity"_L1, -std::numeric_limits<double>::infinity()}};

double numberOf(const QJsonValue &value)
{
    for (const SpecialNumber &special : specialNumbers) {
        if (value.toString() == special.name)
            return special.value;
    }
    return value.toDouble();
}

qint64 integerOf(const QJsonValue &value)
{
    return admin::WideInteger::fromJson(value).value_or(admin::WideInteger()).value;
}

Result<QJsonValue> toInteger(const QString &text, const TableColumn &column)
{
    const auto number = admin::WideInteger::fromJson(QJsonValue(text));
    if (text.isEmpty() || !number)
        return invalid(Text::tr("takes an integer"));
    const int bits = std::clamp(column.bytes, 1, 8) * 8;
    const qint64 greatest = std::numeric_limits<qint64>::max() >> (64 - bits);
    if (number->value > greatest || number->value < -greatest - 1)
        return invalid(Text::tr("takes integers from %1 to %2").arg(-greatest - 1).arg(greatest));
    return number->toJson();
}

Result<QJsonValue> toNumber(const QString &text)
{
    for (const SpecialNumber &special : specialNumbers) {
        if (text == special.name)
            return QJsonValue(special.name);
    }
    bool isNumber = false;
    const double number = text.toDouble(&isNumber);
    if (!isNumber || !std::isfinite(number))
        return invalid(Text::tr("takes a number, such as -0.5 or 1e9, or NaN, Infinity or -Infinity"));
    return QJsonValue(number);
}

Result<QJsonValue> toString(const QString &text, const TableColumn &column)
{
    const Result<QByteArray> bytes = toBytes(text);
    if (!bytes)
        return bytes.error();
    if (bytes->size() > column.bytes)
        return invalid(Text::tr("takes %1 bytes, and these are %2").arg(column.bytes).arg(bytes->size()));
    return admin::TextOrBytes{*bytes}.toJson();
}

} // namespace

bool isHex(const QByteArray &bytes)
{
    const QString text = QString::fromUtf8(bytes);
    return text.startsWith(hexStart) || std::any_of(text.cbegin(), text.cend(), isHidden) || text.toUtf8() != bytes;
}

QString ofBytes(const QByteArray &bytes)
{
    return isHex(bytes) ? hexOf(bytes) : QString::fromUtf8(bytes);
}

QString inOneCell(const QByteArray &bytes)
{
    const bool isInTheWay = bytes.contains('\t') || bytes.contains('\n') || bytes.contains('\r');
    return isInTheWay ? hexOf(bytes) : ofBytes(bytes);
}

Result<QByteArray> toBytes(const QString &text)
{
    if (!text.isValidUtf16())
        return invalid(Text::tr("has half a character in it"));
    if (!text.startsWith(hexStart))
        return text.toUtf8();
    const QByteArray digits = text.sliced(hexStart.size()).toLatin1();
    const bool isRight =
        digits.size() % 2 == 0 && std::all_of(digits.begin(), digits.end(), [](char digit) {
            return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f') || (digit >= 'A' && digit <= 'F');
        });
    if (!isRight)
        return invalid(Text::tr("begins with “hex:”, behind which stand two hex digits a byte, such as hex:00ff"));
    return QByteArray::fromHex(digits);
}

Result<QByteArray> toKey(const QString &text)
{
    const Result<QByteArray> key = toBytes(text);
    if (!key)
        return key.error();
    if (key->isEmpty())
        return invalid(Text::tr("must not be empty"));
    if (key->size() > longestKey)
        return invalid(Text::tr("takes %1 bytes, and these are %2").arg(longestKey).arg(key->size()));
    return key;
}

qint64 omittedBytes(const QJsonValue &value)
{
    const QJsonObject object = value.toObject();
    return object.contains("bytes"_L1) ? object.value("bytes"_L1).toInteger() : -1;
}

QString ofValue(const QJsonValue &value, const TableColumn &column)
{
    if (value.isUndefined())
        return {};
    switch (column.type) {
    case TableColumn::Type::Int:
        return QString::number(integerOf(value));
    case TableColumn::Type::Float:
        return value.isString() ? value.toString()
                                : QString::number(value.toDouble(), 'g', QLocale::FloatingPointShortest);
    case TableColumn::Type::String:
        break;
    }
    if (const qint64 bytes = omittedBytes(value); bytes >= 0)
        return Text::tr("(%1, not shown)").arg(format::bytes(bytes));
    return ofBytes(admin::TextOrBytes::fromJson(value).value_or(admin::TextOrBytes()).bytes);
}

Result<QJsonValue> toValue(const QString &text, const TableColumn &column)
{
    switch (column.type) {
    case TableColumn::Type::Int:
        return toInteger(text.trimmed(), column);
    case TableColumn::Type::Float:
        return toNumber(text.trimmed());
    case TableColumn::Type::String:
        break;
    }
    return toString(text, column);
}

int compare(const QJsonValue &a, const QJsonValue &b, TableColumn::Type type)
{
    const auto order = [](const auto &left, const auto &right) { return left < right ? -1 : right < left ? 1 : 0; };
    switch (type) {
    case TableColumn::Type::Int:
        return order(integerOf(a), integerOf(b));
    case TableColumn::Type::Float: {
        const double left = numberOf(a);
        const double right = numberOf(b);
        if (std::isnan(left) || std::isnan(right))
            return order(int(!std::isnan(left)), int(!std::isnan(right)));
        return order(left, right);
    }
    case TableColumn::Type::String:
        break;
    }
    if (omittedBytes(a) >= 0 || omittedBytes(b) >= 0)
        return order(omittedBytes(a), omittedBytes(b));
    const TableColumn column{{}, TableColumn::Type::String};
    return QString::localeAwareCompare(ofValue(a, column), ofValue(b, column));
}

QString typeText(const TableColumn &column)
{
    switch (column.type) {
    case TableColumn::Type::Int:
        return Text::tr("int, %n byte(s)", nullptr, column.bytes);
    case TableColumn::Type::Float:
        return Text::tr("float");
    case TableColumn::Type::String:
        break;
    }
    return Text::tr("string, up to %n byte(s)", nullptr, column.bytes);
}

} // namespace Quern::console::celltext
