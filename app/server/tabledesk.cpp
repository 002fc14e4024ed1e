#include "app/server/tabledesk.h"

#include "admin/protocol/methods.h"
#include "admin/protocol/tablemessages.h"
#include "app/server/tablejson.h"
#include "tables/tablepage.h"

#include <algorithm>

namespace Quern::app {

namespace {

/// Descriptions of tables beyond that, in bytes, are for the next page.
constexpr qsizetype longestList = admin::longestMessage / 2;

} // namespace

Result<QJsonObject> TableDesk::answer(const admin::Request &request) const
{
    namespace Methods = admin::Methods;
    if (request.method == Methods::tableList)
        return list(request.params);
    if (request.method == Methods::tableRows)
        return rows(request.params);
    if (request.method == Methods::tableSet)
        return set(request.params);
    if (request.method == Methods::tableDelete)
        return remove(request.params);
    if (request.method == Methods::atomicList)
        return atomics();
    if (request.method == Methods::atomicSet)
        return setAtomic(request.params);
    return admin::noMethod(request.method);
}

Result<QJsonObject> TableDesk::list(const QJsonObject &params) const
{
    const Result<admin::TableListQuery> query = admin::TableListQuery::fromJson(params);
    if (!query)
        return query.error();
    const QList<tables::TableFill> fills = m_tables.fill();
    auto fill = fills.cbegin();
    if (!query->after.isEmpty()) {
        if (const Result<Table> known = m_tables.table(query->after); !known)
            return known.error();
        fill = std::find_if(fills.cbegin(), fills.cend(),
                            [&query](const tables::TableFill &each) { return each.name == query->after; }) +
               1;
    }
    admin::TableList all;
    for (qsizetype size = 0; fill != fills.cend(); ++fill) {
        const admin::TableDescription table = tableDescription(*fill, m_tables.table(fill->name)->info());
        size += messageBytes(table);
        if (!all.tables.isEmpty() && size > longestList) {
            all.next = all.tables.constLast().name;
            break;
        }
        all.tables.append(table);
    }
    return all.toJson();
}

Result<QJsonObject> TableDesk::rows(const QJsonObject &params) const
{
    const Result<admin::TableRowQuery> query = admin::TableRowQuery::fromJson(params);
    if (!query)
        return query.error();
    const Result<Table> table = m_tables.table(query->table);
    if (!table)
        return table.error();
    const Result<tables::RowFilter> filter = tables::RowFilter::parse(query->filter, *table);
    if (!filter)
        return filter.error();
    tables::PageBounds bounds;
    bounds.rows = query->limit;
    const Result<tables::TablePage> found =
        tables::TablePage::read(m_tables, query->table, query->after, *filter, bounds);
    if (!found)
        return found.error();
    const QList<tables::ColumnReader> columns = tables::ColumnReader::of(*table);
    admin::TableRowPage page;
    for (const KeyedRow &row : found->rows)
        page.rows.append(tableRow(columns, row));
    page.next = found->next;
    return page.toJson();
}

Result<QJsonObject> TableDesk::set(const QJsonObject &params) const
{
    const Result<admin::TableRowChange> change = admin::TableRowChange::fromJson(params);
    if (!change)
        return change.error();
    Result<Table> table = m_tables.table(change->table);
    if (!table)
        return table.error();
    const Result<QVariantMap> values = tableValues(table->info(), change->values);
    if (!values)
        return values.error();
    if (const Result<void> stored = table->set(change->key.bytes, *values); !stored)
        return stored.error();
    return QJsonObject();
}

Result<QJsonObject> TableDesk::remove(const QJsonObject &params) const
{
    const Result<admin::TableRowReference> row = admin::TableRowReference::fromJson(params);
    if (!row)
        return row.error();
    Result<Table> table = m_tables.table(row->table);
    if (!table)
        return table.error();
    const Result<bool> removed = table->remove(row->key.bytes);
    if (!removed)
        return removed.error();
    if (!*removed)
        return Error(Error::NotFound, QStringLiteral("there is no row \"%1\" in table \"%2\"")
                                          .arg(QString::fromUtf8(row->key.bytes), row->table));
    return QJsonObject();
}

QJsonObject TableDesk::atomics() const
{
    admin::AtomicList all;
    const QList<AtomicInfo> values = m_tables.atomicValues();
    for (const AtomicInfo &atomic : values)
        all.atomics.append({atomic.name, {atomic.value}});
    return all.toJson();
}

Result<QJsonObject> TableDesk::setAtomic(const QJsonObject &params) const
{
    const Result<admin::AtomicValue> change = admin::AtomicValue::fromJson(params);
    if (!change)
        return change.error();
    Result<Atomic> atomic = m_tables.atomic(change->name);
    if (!atomic)
        return atomic.error();
    return admin::AtomicValue{change->name, {atomic->set(change->value.value)}}.toJson();
}

} // namespace Quern::app
