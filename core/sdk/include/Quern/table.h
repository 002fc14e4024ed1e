#pragma once

#include <Quern/global.h>
#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QList>
#include <QString>
#include <QVarLengthArray>
#include <QVariantMap>

#include <chrono>
#include <concepts>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <type_traits>

namespace Quern {

class TableCore;
class TableChange;

/// One column of a table. A value type.
struct ColumnInfo
{
    /// What it holds.
    enum class Type {
        Int,    ///< a signed integer of 1, 2, 4 or 8 bytes
        Float,  ///< a double
        String, ///< bytes, text in UTF-8 as a rule, up to a greatest length
    };

    QString name;          ///< as the settings have it
    Type type = Type::Int; ///< what it holds
    int bytes = 8;         ///< width of an integer, greatest length of a string

    bool operator==(const ColumnInfo &) const = default; ///< the same
};

/// What a table is. A value type.
struct TableInfo
{
    QString name;              ///< of the [[table]] entry
    quint32 size = 0;          ///< rows that it holds at most
    QList<ColumnInfo> columns; ///< in their order

    bool operator==(const TableInfo &) const = default; ///< the same
};

/// How full a table is, and how well its rows are spread. A value type.
struct TableStats
{
    quint64 rows = 0;         ///< in it now; those whose time is over count until they are removed
    quint64 size = 0;         ///< rows that it holds at most
    quint64 collisions = 0;   ///< rows that have to be looked for behind another one
    quint64 longestChain = 0; ///< rows in the place with most of them; one or two is usual
    quint64 memory = 0;       ///< bytes of memory that it has taken so far
    quint64 memoryLimit = 0;  ///< bytes that it can take
    double load = 0;          ///< rows / size
};

/// The key of a row: 1 to 64 bytes. A value type for parameters. Made of a QByteArrayView, QByteArray or literal, or of
/// a QString, which becomes UTF-8; to be passed on at once, since it does not keep the bytes of a view.
class TableKey
{
public:
    /// The longest key, in bytes.
    static constexpr qsizetype MaxSize = 64;

    /// These bytes.
    template <typename Bytes>
    requires std::convertible_to<const Bytes &, QByteArrayView> TableKey(const Bytes &bytes) : m_view(bytes) {}
    /// \a text as UTF-8.
    template <std::same_as<QString> Text>
    TableKey(const Text &text) : m_owned(text.toUtf8())
                               , m_view(m_owned)
    {
    }
    Q_DISABLE_COPY_MOVE(TableKey)

    /// The bytes.
    QByteArrayView view() const { return m_view; }

private:
    QByteArray m_owned;
    QByteArrayView m_view;
};

/// A column of one table, looked up once by Table and then quick to use; T is qint64, double or QByteArray. A null one
/// belongs to no table. A value type; any thread.
template <typename T>
class TableColumn
{
public:
    TableColumn() = default; ///< a null one

    bool isNull() const { return !m_core; }               ///< of no table
    bool operator==(const TableColumn &) const = default; ///< the same

private:
    friend class Row;
    friend class Table;
    friend struct ColumnValue;
    TableColumn(const TableCore *core, int number, quint32 word) : m_core(core), m_number(number), m_word(word) {}

    const TableCore *m_core = nullptr;
    int m_number = 0;
    quint32 m_word = 0;
};

using IntColumn = TableColumn<qint64>;        ///< of integers, whatever their width
using FloatColumn = TableColumn<double>;      ///< of doubles
using StringColumn = TableColumn<QByteArray>; ///< of bytes

/// A column and its value, for Table::set(): {price, 12}, {title, "sea"}. A value type for parameters. Does not keep
/// the bytes of a view.
struct ColumnValue
{
    /// An integer, of any type; one that is too large for its column, the table refuses.
    template <std::integral Number>
    ColumnValue(IntColumn column, Number value) : ColumnValue(column.m_core, column.m_number)
    {
        type = ColumnInfo::Type::Int;
        integer = qint64(value);
        if constexpr (std::unsigned_integral<Number> && sizeof(Number) == sizeof(qint64))
            isOutOfRange = value >> 63 != 0;
    }
    /// Any number.
    template <typename Number>
    requires std::is_arithmetic_v<Number> ColumnValue(FloatColumn column, Number value)
        : ColumnValue(column.m_core, column.m_number)
    {
        type = ColumnInfo::Type::Float;
        number = double(value);
    }
    /// These bytes.
    template <typename Bytes>
    requires std::convertible_to<const Bytes &, QByteArrayView> ColumnValue(StringColumn column, const Bytes &value)
        : ColumnValue(column.m_core, column.m_number)
    {
        type = ColumnInfo::Type::String;
        bytes = value;
    }
    /// \a value as UTF-8.
    template <std::same_as<QString> Text>
    ColumnValue(StringColumn column, const Text &value) : ColumnValue(column.m_core, column.m_number)
    {
        type = ColumnInfo::Type::String;
        owned = value.toUtf8();
        bytes = owned;
    }

    const TableCore *core = nullptr;               ///< of the table that the column belongs to; null: of none
    int place = 0;                                 ///< its number there
    ColumnInfo::Type type = ColumnInfo::Type::Int; ///< which of the next three counts
    qint64 integer = 0;                            ///< of an Int
    double number = 0;                             ///< of a Float
    QByteArrayView bytes;                          ///< of a String
    QByteArray owned;                              ///< where \a bytes may be
    bool isOutOfRange = false;                     ///< the integer does not fit into 64 bits

private:
    ColumnValue(const TableCore *ofCore, int ofColumn) : core(ofCore), place(ofColumn) {}
};

/// A copy of one row, whole as it was at one moment. A value type; any thread.
class QUERN_EXPORT Row
{
public:
    Row() = default; ///< of no table: 0 and "" everywhere

    /// The value of a column of its table; 0 or "" for one of another table.
    qint64 value(IntColumn column) const { return qint64(wordOf(column.m_core, column.m_word)); }
    double value(FloatColumn column) const;      ///< the same
    QByteArray value(StringColumn column) const; ///< the same
    /// The same without a copy: valid as long as the row.
    QByteArrayView view(StringColumn column) const;
    /// The same by name: a qlonglong, a double, or of a string a QString if it is UTF-8, else a QByteArray. Invalid if
    /// there is no such column.
    QVariant value(const QString &column) const;
    /// All of it, by the names of the columns.
    QVariantMap toMap() const;
    /// How long it is there still; nullopt: for good.
    std::optional<std::chrono::milliseconds> timeToLive() const;

private:
    friend class Table;
    friend class TableCore;
    friend class TableChange;
    quint64 wordOf(const TableCore *core, quint32 word) const
    {
        return core == m_core.get() && core ? m_words[qsizetype(word)] : 0;
    }

    std::shared_ptr<const TableCore> m_core;
    QVarLengthArray<quint64, 32> m_words; ///< of the columns, as in the shared memory
    quint64 m_expires = 0;                ///< on the clock of tables, in milliseconds; 0: never
};

/// A row with its key. A value type.
struct KeyedRow
{
    QByteArray key; ///< of the row
    Row row;        ///< what it holds
};

/// Some of the rows of a table. A value type.
struct RowPage
{
    QList<KeyedRow> rows; ///< in no order
    quint64 next = 0;     ///< what to ask for next; 0 if this is the last page
};

/// How long a row is to live, for Table::set(): none given: as before, and a new row for good; 0: for good.
using TimeToLive = std::optional<std::chrono::milliseconds>;

/// A table in memory that all processes of the server share, see [[table]] in the settings: rows with a key and columns
/// of fixed types. It is there from the start of the server to its end, whichever processes come and go, reload
/// included. A cheap handle, whose copies are the same table; any thread.
///
/// Nobody waits for anybody: no call locks, and a process that is killed or stopped in the middle of one delays no
/// other. Each change of a row, of however many columns, happens at one moment: whoever reads finds the row as it was
/// before, or as it is behind it. Changes of two rows are two moments.
///
/// What goes wrong is told by an Error:
/// - Error::Invalid: a key that is empty or longer than 64 bytes (take a hash of it as the key), a column that is not
///   there, or a value that its column cannot take; for a null handle as well;
/// - Error::TooLarge: a string that is longer than its column, or an integer beyond its width. Nothing is cut;
/// - Error::Busy: the table is full. A table of size N holds N rows, whatever their keys. Also, when processes that
///   were stopped or killed in the middle of a change hold what others need, as rarely happens; then later. Before, it
///   waits for up to 20 ms, if others are in the middle of an insert, to see whether they need the last place.
/// Nothing was changed then.
///
///     const auto prices = Quern::server().table("prices");
///     prices->set("tea", {{"price", 250}, {"title", "Tea"}});
///     const auto price = prices->intColumn("price");             // looked up once, for speed
///     prices->increment("tea", *price, 10);
class QUERN_EXPORT Table
{
public:
    Table() = default; ///< a null one, for whose calls Error::Invalid is the answer
    /// Made by server().
    explicit Table(std::shared_ptr<TableCore> core);

    bool isNull() const { return !m_core; } ///< no table
    TableInfo info() const;                 ///< name, size and columns

    /// The column \a name. Error::Invalid if it is not there, or of another type; the message tells what there is.
    Result<IntColumn> intColumn(const QString &name) const;
    Result<FloatColumn> floatColumn(const QString &name) const;
    Result<StringColumn> stringColumn(const QString &name) const;

    /// Makes the row, or changes the columns that are named; others keep their values, and are 0 or "" in a new row.
    /// Integers may be given as any type that holds one without loss, strings as QString or QByteArray.
    Outcome set(const TableKey &key, const QVariantMap &values, TimeToLive timeToLive = {});
    Outcome set(const TableKey &key, std::initializer_list<ColumnValue> values, TimeToLive timeToLive = {});
    /// The same if there is no such row; else Error::Exists.
    Outcome insert(const TableKey &key, const QVariantMap &values, TimeToLive timeToLive = {});
    Outcome insert(const TableKey &key, std::initializer_list<ColumnValue> values, TimeToLive timeToLive = {});
    /// The same if the row is there and all columns in \a expected are as they are there, compared as they would be
    /// stored. Returns whether it was so.
    Result<bool> compareAndSet(const TableKey &key, const QVariantMap &expected, const QVariantMap &values,
                               TimeToLive timeToLive = {});
    Result<bool> compareAndSet(const TableKey &key, std::initializer_list<ColumnValue> expected,
                               std::initializer_list<ColumnValue> values, TimeToLive timeToLive = {});

    /// The row; nullopt if it is not there.
    Result<std::optional<Row>> read(const TableKey &key) const;
    /// The same as a map, see Row::toMap(). And the value of one column.
    Result<std::optional<QVariantMap>> get(const TableKey &key) const;
    Result<std::optional<QVariant>> get(const TableKey &key, const QString &column) const;
    Result<std::optional<qint64>> get(const TableKey &key, IntColumn column) const;
    Result<std::optional<double>> get(const TableKey &key, FloatColumn column) const;
    Result<std::optional<QByteArray>> get(const TableKey &key, StringColumn column) const;
    /// Whether the row is there. False for a key that cannot be one.
    bool contains(const TableKey &key) const;

    /// Removes the row. Returns whether it was there.
    Result<bool> remove(const TableKey &key);
    /// The same, and returns what was in it: of many who take it, one has it.
    Result<std::optional<Row>> take(const TableKey &key);

    /// Adds \a by, and returns the sum. A row that is not there is made. Error::TooLarge if the sum would be beyond the
    /// column's width: it stays as it was.
    Result<qint64> increment(const TableKey &key, IntColumn column, qint64 by = 1);
    Result<double> increment(const TableKey &key, FloatColumn column, double by = 1);
    Result<QVariant> increment(const TableKey &key, const QString &column, const QVariant &by = 1);
    /// The same with \a by taken away.
    Result<qint64> decrement(const TableKey &key, IntColumn column, qint64 by = 1);
    Result<double> decrement(const TableKey &key, FloatColumn column, double by = 1);
    Result<QVariant> decrement(const TableKey &key, const QString &column, const QVariant &by = 1);

    /// From now on the row lives so long; 0: for good. Returns whether it is there.
    Result<bool> expire(const TableKey &key, std::chrono::milliseconds timeToLive);

    /// How many rows there are. Those whose time is over count until they are removed, as they are soon, and those that
    /// come and go at the moment may.
    quint64 count() const;
    /// Calls \a visit with each row until it returns false. A row that is there all the time is visited once, whatever
    /// happens beside; one that comes or goes meanwhile once or not at all. \a visit may change the table.
    void forEach(const std::function<bool(const QByteArray &key, const Row &row)> &visit) const;
    /// The same in pages: about \a limit rows, 1 to 10000, from \a next on, the next of the page before, or 0.
    RowPage rows(quint64 next = 0, int limit = 100) const;

    /// Looks at every row: not for each request.
    TableStats stats() const;

private:
    template <typename T>
    Result<TableColumn<T>> typedColumn(const QString &name, ColumnInfo::Type type) const;

    std::shared_ptr<TableCore> m_core;
};

} // namespace Quern
