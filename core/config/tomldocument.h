#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QList>
#include <QString>
#include <QVariant>

#include <vector>

namespace Quern::config {

struct TomlEntry;

/// A variable that ${NAME} put into a string.
struct UsedVariable
{
    QString name;
    QString place; ///< where it is set: ".env:2", "the environment"; empty: the default in the string was taken

    bool operator==(const UsedVariable &) const = default;
};

/// One value of a TOML document and the line where it begins. A value type; any thread.
struct TomlValue
{
    enum class Type { String, Integer, Float, Boolean, DateTime, Array, Table };

    Type type = Type::Table;
    int line = 0;                    ///< from 1
    QVariant scalar;                 ///< QString, qlonglong, double or bool; a date or time is an ISO 8601 QString
    std::vector<TomlValue> elements; ///< of an Array
    std::vector<TomlEntry> entries;  ///< of a Table, in the order of the file
    QList<UsedVariable> variables;   ///< of a String
    bool isOnlyVariables = false;    ///< nothing of the String stands in the file itself

    bool isTable() const { return type == Type::Table; }
    bool isArray() const { return type == Type::Array; }
    bool isString() const { return type == Type::String; }
    bool isInteger() const { return type == Type::Integer; }
    bool isNumber() const { return type == Type::Integer || type == Type::Float; }

    /// The value of the entry \a key of a Table; null if there is none.
    const TomlValue *find(QStringView key) const;
    /// The whole tree below as QVariantMap, QVariantList and scalars.
    QVariant toVariant() const;
    /// For a message: `the string "two"`, `0`, `an array`, `"two" (WORKERS, .env:2)`. What a variable holds whose name
    /// speaks of a secret is not shown.
    QString shown() const;
    /// A String of variables alone as the number or flag that it spells: variables have no type. Else the same value.
    TomlValue typed() const;
    /// The variables of this value and of all below it, each once.
    QList<UsedVariable> allVariables() const;
};

/// One "key = value" or "[key]" of a table, with the line of its key.
struct TomlEntry
{
    QString key;
    int line = 0; ///< from 1
    TomlValue value;
};

/// For people: "WORKERS, .env:2" or "the default of WORKERS", several with "; " between them.
QString variablesText(const QList<UsedVariable> &variables);

/// "quern.toml:12", "quern.toml:12, WORKERS from .env:2" or "quern.toml:12, default of WORKERS".
QString originText(const QString &fileName, const TomlEntry &entry);

/// Reads a TOML 1.0 document; a byte order mark and CR LF line ends are fine.
/// Error::Invalid names \a fileName, line, reason and, where known, column.
Result<TomlValue> parseToml(const QByteArray &bytes, const QString &fileName);

} // namespace Quern::config
