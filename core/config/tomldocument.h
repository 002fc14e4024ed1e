#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QString>
#include <QVariant>

#include <vector>

namespace Quern::config {

struct TomlEntry;

/// One value of a TOML document and the line where it begins. A value type; any thread.
struct TomlValue
{
    enum class Type { String, Integer, Float, Boolean, DateTime, Array, Table };

    Type type = Type::Table;
    int line = 0;                    ///< from 1
    QVariant scalar;                 ///< QString, qlonglong, double or bool; a date or time is an ISO 8601 QString
    std::vector<TomlValue> elements; ///< of an Array
    std::vector<TomlEntry> entries;  ///< of a Table, in the order of the file

    bool isTable() const { return type == Type::Table; }
    bool isArray() const { return type == Type::Array; }
    bool isString() const { return type == Type::String; }
    bool isInteger() const { return type == Type::Integer; }
    bool isNumber() const { return type == Type::Integer || type == Type::Float; }

    /// The whole tree below as QVariantMap, QVariantList and scalars.
    QVariant toVariant() const;
    /// For a message: `the string "two"`, `0`, `an array`.
    QString shown() const;
};

/// One "key = value" or "[key]" of a table, with the line of its key.
struct TomlEntry
{
    QString key;
    int line = 0; ///< from 1
    TomlValue value;
};

/// Reads a TOML 1.0 document; a byte order mark and CR LF line ends are fine.
/// Error::Invalid names \a fileName, line, reason and, where known, column.
Result<TomlValue> parseToml(const QByteArray &bytes, const QString &fileName);

} // namespace Quern::config
