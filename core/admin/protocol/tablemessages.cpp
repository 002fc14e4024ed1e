#include "admin/protocol/tablemessages.h"

#include "admin/protocol/jsonschema.h"

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

template <>
constexpr auto namesOf<TableColumn::Type> = std::to_array<EnumName<TableColumn::Type>>({
    {TableColumn::Type::Int, "int"_L1},
    {TableColumn::Type::Float, "float"_L1},
    {TableColumn::Type::String, "string"_L1},
});

template <>
constexpr auto fieldsOf<TableColumn> = std::tuple{
    Field{"name"_L1, &TableColumn::name},
    Field{"type"_L1, &TableColumn::type},
    Field{"bytes"_L1, &TableColumn::bytes},
};

template <>
constexpr auto fieldsOf<TableDescription> = std::tuple{
    Field{"name"_L1, &TableDescription::name},
    Field{"size"_L1, &TableDescription::size},
    Field{"rows"_L1, &TableDescription::rows},
    Field{"memory"_L1, &TableDescription::memory},
    Field{"memoryLimit"_L1, &TableDescription::memoryLimit},
    Field{"columns"_L1, &TableDescription::columns},
};

template <>
constexpr auto fieldsOf<TableListQuery> = std::tuple{Field{"after"_L1, &TableListQuery::after}};

template <>
constexpr auto fieldsOf<TableList> = std::tuple{
    Field{"tables"_L1, &TableList::tables},
    Field{"next"_L1, &TableList::next},
};

template <>
constexpr auto fieldsOf<TableRowQuery> = std::tuple{
    Field{"table"_L1, &TableRowQuery::table},
    Field{"limit"_L1, &TableRowQuery::limit},
    Field{"after"_L1, &TableRowQuery::after},
    Field{"filter"_L1, &TableRowQuery::filter},
};

template <>
constexpr auto fieldsOf<TableRow> = std::tuple{
    Field{"key"_L1, &TableRow::key},
    Field{"values"_L1, &TableRow::values},
};

template <>
constexpr auto fieldsOf<TableRowPage> = std::tuple{
    Field{"rows"_L1, &TableRowPage::rows},
    Field{"next"_L1, &TableRowPage::next},
};

template <>
constexpr auto fieldsOf<TableRowChange> = std::tuple{
    Field{"table"_L1, &TableRowChange::table},
    Field{"key"_L1, &TableRowChange::key},
    Field{"values"_L1, &TableRowChange::values},
};

template <>
constexpr auto fieldsOf<TableRowReference> = std::tuple{
    Field{"table"_L1, &TableRowReference::table},
    Field{"key"_L1, &TableRowReference::key},
};

template <>
constexpr auto fieldsOf<AtomicValue> = std::tuple{
    Field{"name"_L1, &AtomicValue::name},
    Field{"value"_L1, &AtomicValue::value},
};

template <>
constexpr auto fieldsOf<AtomicList> = std::tuple{Field{"atomics"_L1, &AtomicList::atomics}};

QJsonObject TableListQuery::toJson() const
{
    return toJsonObject(*this);
}

Result<TableListQuery> TableListQuery::fromJson(const QJsonObject &json)
{
    TableListQuery query;
    JsonReader reader;
    reader.readGivenMembers(json, query);
    return reader.result(std::move(query));
}

QJsonObject TableList::toJson() const
{
    return toJsonObject(*this);
}

Result<TableList> TableList::fromJson(const QJsonObject &json)
{
    return fromJsonObject<TableList>(json);
}

QJsonObject TableList::schema()
{
    return schemaOf<TableList>();
}

QJsonObject TableRowQuery::toJson() const
{
    return toJsonObject(*this);
}

Result<TableRowQuery> TableRowQuery::fromJson(const QJsonObject &json)
{
    TableRowQuery query;
    JsonReader reader;
    reader.require(json, "table"_L1);
    reader.readGivenMembers(json, query);
    reader.checkLimit(query.limit, MostRows);
    return reader.result(std::move(query));
}

QJsonObject TableRowPage::toJson() const
{
    return toJsonObject(*this);
}

Result<TableRowPage> TableRowPage::fromJson(const QJsonObject &json)
{
    return fromJsonObject<TableRowPage>(json);
}

QJsonObject TableRowPage::schema()
{
    return schemaOf<TableRowPage>();
}

QJsonObject TableRowChange::toJson() const
{
    return toJsonObject(*this);
}

Result<TableRowChange> TableRowChange::fromJson(const QJsonObject &json)
{
    return fromJsonObject<TableRowChange>(json);
}

QJsonObject TableRowReference::toJson() const
{
    return toJsonObject(*this);
}

Result<TableRowReference> TableRowReference::fromJson(const QJsonObject &json)
{
    return fromJsonObject<TableRowReference>(json);
}

QJsonObject AtomicValue::toJson() const
{
    return toJsonObject(*this);
}

Result<AtomicValue> AtomicValue::fromJson(const QJsonObject &json)
{
    return fromJsonObject<AtomicValue>(json);
}

QJsonObject AtomicValue::schema()
{
    return schemaOf<AtomicValue>();
}

QJsonObject AtomicList::toJson() const
{
    return toJsonObject(*this);
}

Result<AtomicList> AtomicList::fromJson(const QJsonObject &json)
{
    return fromJsonObject<AtomicList>(json);
}

QJsonObject AtomicList::schema()
{
    return schemaOf<AtomicList>();
}

} // namespace Quern::admin
