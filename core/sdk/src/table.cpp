#include <Quern/table.h>

#include "tablevalues_p.h"

#include <bit>
#include <limits>

namespace Quern {

namespace {

/// No row lives longer than that, in milliseconds: some millennia.
constexpr qint64 longestLife = 1LL << 47;

Error nullTable()
{
    return Error(Error::Invalid, QStringLiteral("a null table: ask Server::table() for one"));
}

Result<void> checkLife(const TimeToLive &timeToLive)
{
    if (!timeToLive || (timeToLive->count() >= 0 && timeToLive->count() <= longestLife))
        return {};
    return Error(Error::Invalid, QStringLiteral("a row cannot live for %1 ms").arg(timeToLive->count()));
}

/// When a row expires that is there until \a expires by now.
quint64 expiryOf(const TimeToLive &timeToLive, quint64 expires)
{
    if (!timeToLive)
        return expires;
    return timeToLive->count() == 0 ? 0 : tableClock() + quint64(timeToLive->count());
}

enum class When { Always, IfAbsent };

template <typename Values>
Result<void> store(TableCore *core, const TableKey &key, const Values &given, const TimeToLive &timeToLive, When when)
{
    if (!core)
        return nullTable();
    const Result<KeyWords> words = core->keyOf(key.view());
    if (!words)
        return words.error();
    const Result<TableValues> values = TableValues::of(*core, given);
    if (!values)
        return values.error();
    if (const Result<void> checked = checkLife(timeToLive); !checked)
        return checked;
    bool isThere = false;
    const Result<void> changed = changeRow(*core, *words, [&](TableChange &change) {
        isThere = when == When::IfAbsent && change.exists();
        if (isThere)
            return RowStep::Leave;
        values->store(*core, change.values());
        change.expires = expiryOf(timeToLive, change.expires);
        return RowStep::Put;
    });
    if (!changed || !isThere)
        return changed;
    return Error(Error::Exists, QStringLiteral("there is a row of that key in table \"%1\"").arg(core->info().name));
}

template <typename Values>
Result<bool> compare(TableCore *core, const TableKey &key, const Values &expected, const Values &given,
                     const TimeToLive &timeToLive)
{
    if (!core)
        return nullTable();
    const Result<KeyWords> words = core->keyOf(key.view());
    if (!words)
        return words.error();
    const Result<TableValues> before = TableValues::of(*core, expected);
    if (!before)
        return before.error();
    const Result<TableValues> values = TableValues::of(*core, given);
    if (!values)
        return values.error();
    if (const Result<void> checked = checkLife(timeToLive); !checked)
        return checked.error();
    bool isSo = false;
    const Result<void> changed = changeRow(*core, *words, [&](TableChange &change) {
        isSo = change.exists() && before->matches(*core, change.values());
        if (!isSo)
            return RowStep::Leave;
        values->store(*core, change.values());
        change.expires = expiryOf(timeToLive, change.expires);
        return RowStep::Put;
    });
    if (!changed)
        return changed.error();
    return isSo;
}

/// The key's words if \a column is one of the table.
Result<KeyWords> keyWithColumn(const TableCore *core, const TableCore *columnCore, const TableKey &key)
{
    if (!core)
        return nullTable();
    if (columnCore != core)
        return foreignColumn(*core, !columnCore);
    return core->keyOf(key.view());
}

Result<qint64> addInteger(TableCore &core, const KeyWords &key, int number, qint64 by, bool isNegative)
{
    const quint32 word = core.columnWord(number);
    const ColumnInfo &column = core.info().columns[number];
    qint64 sum = 0;
    bool isBeyond = false;
    const Result<void> changed = changeRow(core, key, [&](TableChange &change) {
        const auto before = qint64(change.values()[word]);
        isBeyond = isNegative ? qSubOverflow(before, by, &sum) : qAddOverflow(before, by, &sum);
        isBeyond = isBeyond || (column.bytes < 8 && !checkWidth(core, column, sum));
        if (isBeyond)
            return RowStep::Leave;
        change.values()[word] = quint64(sum);
        return RowStep::Put;
    });
    if (!changed)
        return changed.error();
    if (!isBeyond)
        return sum;
    return Error(Error::TooLarge,
                 QStringLiteral("the result would not fit into column \"%1\" of table \"%2\", an integer of %3 bytes")
                     .arg(column.name, core.info().name)
                     .arg(column.bytes));
}

Result<double> addNumber(TableCore &core, const KeyWords &key, int number, double by)
{
    const quint32 word = core.columnWord(number);
    double sum = 0;
    const Result<void> changed = changeRow(core, key, [&](TableChange &change) {
        sum = std::bit_cast<double>(change.values()[word]) + by;
        change.values()[word] = std::bit_cast<quint64>(sum);
        return RowStep::Put;
    });
    if (!changed)
        return changed.error();
    return sum;
}

Result<QVariant> addByName(TableCore *core, const TableKey &key, const QString &name, const QVariant &by,
                           bool isNegative)
{
    if (!core)
        return nullTable();
    const Result<int> number = namedColumn(*core, name);
    if (!number)
        return number.error();
    const Result<KeyWords> words = core->keyOf(key.view());
    if (!words)
        return words.error();
    const ColumnInfo &column = core->info().columns[*number];
    if (column.type == ColumnInfo::Type::Int) {
        const Result<qint64> integer = integerFor(*core, column, by);
        if (!integer)
            return integer.error();
        const Result<qint64> sum = addInteger(*core, *words, *number, *integer, isNegative);
        return sum ? Result<QVariant>(QVariant(*sum)) : sum.error();
    }
    if (column.type == ColumnInfo::Type::Float) {
        const Result<double> real = numberFor(*core, column, by);
        if (!real)
            return real.error();
        const Result<double> sum = addNumber(*core, *words, *number, isNegative ? -*real : *real);
        return sum ? Result<QVariant>(QVariant(*sum)) : sum.error();
    }
    return Error(Error::Invalid,
                 QStringLiteral("nothing can be added to column \"%1\" of table \"%2\": it holds strings")
                     .arg(name, core->info().name));
}

QString lookupOf(ColumnInfo::Type type)
{
    return type == ColumnInfo::Type::Int     ? QStringLiteral("intColumn")
           : type == ColumnInfo::Type::Float ? QStringLiteral("floatColumn")
                                             : QStringLiteral("stringColumn");
}

} // namespace

Table::Table(std::shared_ptr<TableCore> core) : m_core(std::move(core)) {}

TableInfo Table::info() const
{
    return m_core ? m_core->info() : TableInfo();
}

template <typename T>
Result<TableColumn<T>> Table::typedColumn(const QString &name, ColumnInfo::Type type) const
{
    if (!m_core)
        return nullTable();
    const Result<int> number = namedColumn(*m_core, name);
    if (!number)
        return number.error();
    if (const ColumnInfo &column = m_core->info().columns[*number]; column.type != type)
        return Error(Error::Invalid, QStringLiteral("column \"%1\" of table \"%2\" is looked up by %3()")
                                         .arg(name, m_core->info().name, lookupOf(column.type)));
    return TableColumn<T>(m_core.get(), *number, m_core->columnWord(*number));
}

Result<IntColumn> Table::intColumn(const QString &name) const
{
    return typedColumn<qint64>(name, ColumnInfo::Type::Int);
}

Result<FloatColumn> Table::floatColumn(const QString &name) const
{
    return typedColumn<double>(name, ColumnInfo::Type::Float);
}

Result<StringColumn> Table::stringColumn(const QString &name) const
{
    return typedColumn<QByteArray>(name, ColumnInfo::Type::String);
}

Outcome Table::set(const TableKey &key, const QVariantMap &values, TimeToLive timeToLive)
{
    return store(m_core.get(), key, values, timeToLive, When::Always);
}

Outcome Table::set(const TableKey &key, std::initializer_list<ColumnValue> values, TimeToLive timeToLive)
{
    return store(m_core.get(), key, values, timeToLive, When::Always);
}

Outcome Table::insert(const TableKey &key, const QVariantMap &values, TimeToLive timeToLive)
{
    return store(m_core.get(), key, values, timeToLive, When::IfAbsent);
}

Outcome Table::insert(const TableKey &key, std::initializer_list<ColumnValue> values, TimeToLive timeToLive)
{
    return store(m_core.get(), key, values, timeToLive, When::IfAbsent);
}

Result<bool> Table::compareAndSet(const TableKey &key, const QVariantMap &expected, const QVariantMap &values,
                                  TimeToLive timeToLive)
{
    return compare(m_core.get(), key, expected, values, timeToLive);
}

Result<bool> Table::compareAndSet(const TableKey &key, std::initializer_list<ColumnValue> expected,
                                  std::initializer_list<ColumnValue> values, TimeToLive timeToLive)
{
    return compare(m_core.get(), key, expected, values, timeToLive);
}

Result<std::optional<Row>> Table::read(const TableKey &key) const
{
    if (!m_core)
        return nullTable();
    const Result<KeyWords> words = m_core->keyOf(key.view());
    if (!words)
        return words.error();
    return m_core->rowOf(m_core, *words);
}

Result<std::optional<QVariantMap>> Table::get(const TableKey &key) const
{
    const Result<std::optional<Row>> row = read(key);
    if (!row)
        return row.error();
    return *row ? std::optional<QVariantMap>((*row)->toMap()) : std::nullopt;
}

Result<std::optional<QVariant>> Table::get(const TableKey &key, const QString &column) const
{
    if (!m_core)
        return nullTable();
    if (const Result<int> number = namedColumn(*m_core, column); !number)
        return number.error();
    const Result<std::optional<Row>> row = read(key);
    if (!row)
        return row.error();
    return *row ? std::optional<QVariant>((*row)->value(column)) : std::nullopt;
}

Result<std::optional<qint64>> Table::get(const TableKey &key, IntColumn column) const
{
    const Result<KeyWords> words = keyWithColumn(m_core.get(), column.m_core, key);
    if (!words)
        return words.error();
    quint64 value = 0;
    const bool isThere = m_core->read(*words, [&](const SharedWord *record) {
        value = record[FirstColumnWord + column.m_word].load(std::memory_order_relaxed);
    });
    return isThere ? std::optional<qint64>(qint64(value)) : std::nullopt;
}

Result<std::optional<double>> Table::get(const TableKey &key, FloatColumn column) const
{
    const Result<KeyWords> words = keyWithColumn(m_core.get(), column.m_core, key);
    if (!words)
        return words.error();
    quint64 value = 0;
    const bool isThere = m_core->read(*words, [&](const SharedWord *record) {
        value = record[FirstColumnWord + column.m_word].load(std::memory_order_relaxed);
    });
    return isThere ? std::optional<double>(std::bit_cast<double>(value)) : std::nullopt;
}

Result<std::optional<QByteArray>> Table::get(const TableKey &key, StringColumn column) const
{
    const Result<KeyWords> words = keyWithColumn(m_core.get(), column.m_core, key);
    if (!words)
        return words.error();
    QVarLengthArray<quint64, 32> copy(qsizetype(m_core->columnWords(column.m_number)));
    const bool isThere = m_core->read(
        *words, [&](const SharedWord *record) { m_core->copyString(record, column.m_number, copy.data()); });
    if (!isThere)
        return std::optional<QByteArray>();
    return std::optional<QByteArray>(
        QByteArray(reinterpret_cast<const char *>(copy.constData() + 1), qsizetype(copy[0])));
}

bool Table::contains(const TableKey &key) const
{
    const Result<KeyWords> words = m_core ? m_core->keyOf(key.view()) : nullTable();
    return words && m_core->read(*words, [](const SharedWord *) {});
}

Result<bool> Table::remove(const TableKey &key)
{
    if (!m_core)
        return nullTable();
    const Result<KeyWords> words = m_core->keyOf(key.view());
    if (!words)
        return words.error();
    bool isThere = false;
    const Result<void> changed = changeRow(*m_core, *words, [&isThere](TableChange &change) {
        isThere = change.exists();
        return isThere || change.hasExpired() ? RowStep::Remove : RowStep::Leave;
    });
    if (!changed)
        return changed.error();
    return isThere;
}

Result<std::optional<Row>> Table::take(const TableKey &key)
{
    if (!m_core)
        return nullTable();
    const Result<KeyWords> words = m_core->keyOf(key.view());
    if (!words)
        return words.error();
    Row row;
    bool isThere = false;
    const Result<void> changed = changeRow(*m_core, *words, [&](TableChange &change) {
        isThere = change.exists();
        if (isThere) {
            row.m_words = change.words();
            row.m_expires = change.expires;
        }
        return isThere || change.hasExpired() ? RowStep::Remove : RowStep::Leave;
    });
    if (!changed)
        return changed.error();
    if (!isThere)
        return std::optional<Row>();
    row.m_core = m_core;
    return std::optional<Row>(std::move(row));
}

Result<qint64> Table::increment(const TableKey &key, IntColumn column, qint64 by)
{
    const Result<KeyWords> words = keyWithColumn(m_core.get(), column.m_core, key);
    return words ? addInteger(*m_core, *words, column.m_number, by, false) : words.error();
}

Result<double> Table::increment(const TableKey &key, FloatColumn column, double by)
{
    const Result<KeyWords> words = keyWithColumn(m_core.get(), column.m_core, key);
    return words ? addNumber(*m_core, *words, column.m_number, by) : words.error();
}

Result<QVariant> Table::increment(const TableKey &key, const QString &column, const QVariant &by)
{
    return addByName(m_core.get(), key, column, by, false);
}

Result<qint64> Table::decrement(const TableKey &key, IntColumn column, qint64 by)
{
    const Result<KeyWords> words = keyWithColumn(m_core.get(), column.m_core, key);
    return words ? addInteger(*m_core, *words, column.m_number, by, true) : words.error();
}

Result<double> Table::decrement(const TableKey &key, FloatColumn column, double by)
{
    return increment(key, column, -by);
}

Result<QVariant> Table::decrement(const TableKey &key, const QString &column, const QVariant &by)
{
    return addByName(m_core.get(), key, column, by, true);
}

Result<bool> Table::expire(const TableKey &key, std::chrono::milliseconds timeToLive)
{
    return compareAndSet(key, QVariantMap(), QVariantMap(), timeToLive);
}

quint64 Table::count() const
{
    return m_core ? m_core->count() : 0;
}

void Table::forEach(const std::function<bool(const QByteArray &key, const Row &row)> &visit) const
{
    for (quint64 next = 0;;) {
        const RowPage page = rows(next);
        for (const KeyedRow &each : page.rows) {
            if (!visit(each.key, each.row))
                return;
        }
        next = page.next;
        if (next == 0)
            return;
    }
}

RowPage Table::rows(quint64 next, int limit) const
{
    constexpr int maxLimit = 10'000;
    RowPage page;
    if (!m_core)
        return page;
    const quint32 buckets = m_core->geometry().buckets;
    for (quint64 bucket = next; bucket < buckets; ++bucket) {
        if (page.rows.size() >= qBound(1, limit, maxLimit)) {
            page.next = bucket;
            break;
        }
        if (m_core->isPageUsed(quint32(bucket) / BucketsPerPage))
            m_core->readBucket(m_core, quint32(bucket), page.rows);
        else
            bucket |= BucketsPerPage - 1;
    }
    return page;
}

TableStats Table::stats() const
{
    return m_core ? m_core->stats() : TableStats();
}

} // namespace Quern
