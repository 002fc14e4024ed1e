#pragma once

#include "admin/protocol/jsonvalues.h"

#include <Quern/result.h>

#include <QJsonObject>
#include <QList>
#include <QString>

namespace Quern::admin {

// Tables and atomics that all processes of the server share. Keys are TextOrBytes. The values of a row are an object by
// the names of the columns:
//     "int"     a WideInteger
//     "float"   a number, or "NaN", "Infinity" and "-Infinity", which JSON has no numbers for
//     "string"  TextOrBytes; in a row that is too long for a message, {"bytes": 65536} for one that is left out
// All fromJson() functions return Error::Protocol with the member and what is wrong with it.

/// One column. Shape: {"name": "title", "type": "string", "bytes": 64}
struct TableColumn
{
    enum class Type { Int, Float, String };

    QString name;
    Type type = Type::Int;
    int bytes = 8; ///< width of an integer, greatest length of a string

    bool operator==(const TableColumn &) const = default;
};

/// What one table is, and how full. Shape: {"name": "prices", "size": 1024, "rows": 3, "memory": 8192, "memoryLimit":
/// 212992, "columns": […]}
struct TableDescription
{
    QString name;
    qint64 size = 0; ///< rows that it holds at most
    qint64 rows = 0;
    qint64 memory = 0;      ///< bytes that it has taken so far
    qint64 memoryLimit = 0; ///< bytes that it can take
    QList<TableColumn> columns;

    bool operator==(const TableDescription &) const = default;
};

/// Which tables are wanted. Shape: {"after": ""}; it may be left out.
struct TableListQuery
{
    QString after; ///< what the page before gave as "next"; empty: from the first on

    QJsonObject toJson() const;
    static Result<TableListQuery> fromJson(const QJsonObject &json);
};

/// Shape: {"tables": […], "next": ""}
struct TableList
{
    QList<TableDescription> tables; ///< in the order of the settings
    QString next;                   ///< what to ask for next; empty: these are the last

    QJsonObject toJson() const;
    static Result<TableList> fromJson(const QJsonObject &json);
    static QJsonObject schema();
    bool operator==(const TableList &) const = default;
};

/// Which rows of a table are wanted. Shape: {"table": "prices", "limit": 100, "after": "", "filter": "stock>5 tea"};
/// all but "table" may be left out.
struct TableRowQuery
{
    static constexpr int MostRows = 1000;

    QString table;
    int limit = 100; ///< 1 to MostRows
    QString after;   ///< what the page before gave as "next"; empty: from the start
    QString filter;  ///< see tables::RowFilter; empty: all rows

    QJsonObject toJson() const;
    static Result<TableRowQuery> fromJson(const QJsonObject &json);
    bool operator==(const TableRowQuery &) const = default;
};

/// Shape: {"key": "tea", "values": {"price": 2.5, "stock": 7, "title": "Tea"}}
struct TableRow
{
    TextOrBytes key;
    QJsonObject values;

    bool operator==(const TableRow &) const = default;
};

/// Shape: {"rows": […], "next": "812"}
struct TableRowPage
{
    QList<TableRow> rows; ///< in no order; fewer than the limit, or none, though there are more: "next" tells
    QString next;         ///< what to ask for next; empty: these are the last

    QJsonObject toJson() const;
    static Result<TableRowPage> fromJson(const QJsonObject &json);
    static QJsonObject schema();
    bool operator==(const TableRowPage &) const = default;
};

/// Makes a row, or changes the columns that are named. Shape: {"table": "prices", "key": "tea", "values": {"stock": 7}}
struct TableRowChange
{
    QString table;
    TextOrBytes key;
    QJsonObject values;

    QJsonObject toJson() const;
    static Result<TableRowChange> fromJson(const QJsonObject &json);
    bool operator==(const TableRowChange &) const = default;
};

/// Names one row. Shape: {"table": "prices", "key": "tea"}
struct TableRowReference
{
    QString table;
    TextOrBytes key;

    QJsonObject toJson() const;
    static Result<TableRowReference> fromJson(const QJsonObject &json);
    bool operator==(const TableRowReference &) const = default;
};

/// An atomic, and what it is, or is to be. Shape: {"name": "visits", "value": 7}
struct AtomicValue
{
    QString name;
    WideInteger value;

    QJsonObject toJson() const;
    static Result<AtomicValue> fromJson(const QJsonObject &json);
    static QJsonObject schema();
    bool operator==(const AtomicValue &) const = default;
};

/// Shape: {"atomics": […]}
struct AtomicList
{
    QList<AtomicValue> atomics; ///< in the order of the settings

    QJsonObject toJson() const;
    static Result<AtomicList> fromJson(const QJsonObject &json);
    static QJsonObject schema();
    bool operator==(const AtomicList &) const = default;
};

} // namespace Quern::admin
