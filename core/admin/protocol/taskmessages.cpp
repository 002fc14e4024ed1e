#include "admin/protocol/taskmessages.h"

#include "admin/protocol/jsonschema.h"

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

template <>
constexpr auto namesOf<DeadLetter::Kind> = std::to_array<EnumName<DeadLetter::Kind>>({
    {DeadLetter::Kind::Task, "task"_L1},
    {DeadLetter::Kind::Event, "event"_L1},
});

template <>
constexpr auto namesOf<DeadLetter::Store> = std::to_array<EnumName<DeadLetter::Store>>({
    {DeadLetter::Store::Memory, "memory"_L1},
    {DeadLetter::Store::Database, "database"_L1},
});

template <>
constexpr auto namesOf<DeadLetterPayload::Kind> = std::to_array<EnumName<DeadLetterPayload::Kind>>({
    {DeadLetterPayload::Kind::Map, "map"_L1},
    {DeadLetterPayload::Kind::Cbor, "cbor"_L1},
    {DeadLetterPayload::Kind::Bytes, "bytes"_L1},
});

template <>
constexpr auto namesOf<DeadLetterSelection::Scope> = std::to_array<EnumName<DeadLetterSelection::Scope>>({
    {DeadLetterSelection::Scope::One, "one"_L1},
    {DeadLetterSelection::Scope::Named, "named"_L1},
    {DeadLetterSelection::Scope::All, "all"_L1},
});

template <>
constexpr auto fieldsOf<DeadLetterQuery> = std::tuple{
    Field{"name"_L1, &DeadLetterQuery::name},
    Field{"before"_L1, &DeadLetterQuery::before},
    Field{"limit"_L1, &DeadLetterQuery::limit},
};

template <>
constexpr auto fieldsOf<DeadLetter> = std::tuple{
    Field{"number"_L1, &DeadLetter::number},
    Field{"id"_L1, &DeadLetter::id},
    Field{"kind"_L1, &DeadLetter::kind},
    Field{"name"_L1, &DeadLetter::name},
    Field{"error"_L1, &DeadLetter::error},
    Field{"attempts"_L1, &DeadLetter::attempts},
    Field{"createdAt"_L1, &DeadLetter::createdAt},
    Field{"buriedAt"_L1, &DeadLetter::buriedAt},
    Field{"payloadBytes"_L1, &DeadLetter::payloadBytes},
    Field{"store"_L1, &DeadLetter::store},
};

template <>
constexpr auto fieldsOf<DeadLetterPage> = std::tuple{
    Field{"letters"_L1, &DeadLetterPage::letters},
    Field{"older"_L1, &DeadLetterPage::older},
};

template <>
constexpr auto fieldsOf<DeadLetterReference> = std::tuple{
    Field{"id"_L1, &DeadLetterReference::id},
};

template <>
constexpr auto fieldsOf<DeadLetterPayload> = std::tuple{
    Field{"kind"_L1, &DeadLetterPayload::kind},           Field{"map"_L1, &DeadLetterPayload::map},
    Field{"bytes"_L1, &DeadLetterPayload::bytes},         Field{"size"_L1, &DeadLetterPayload::size},
    Field{"truncated"_L1, &DeadLetterPayload::truncated},
};

template <>
constexpr auto fieldsOf<DeadLetterSelection> = std::tuple{
    Field{"scope"_L1, &DeadLetterSelection::scope},
    Field{"id"_L1, &DeadLetterSelection::id},
    Field{"name"_L1, &DeadLetterSelection::name},
};

template <>
constexpr auto fieldsOf<DeadLetterCount> = std::tuple{
    Field{"count"_L1, &DeadLetterCount::count},
};

QJsonObject DeadLetterQuery::toJson() const
{
    return toJsonObject(*this);
}

Result<DeadLetterQuery> DeadLetterQuery::fromJson(const QJsonObject &json)
{
    DeadLetterQuery query;
    JsonReader reader;
    reader.readGivenMembers(json, query);
    reader.checkLimit(query.limit, MostLetters);
    return reader.result(std::move(query));
}

QJsonObject DeadLetterPage::toJson() const
{
    return toJsonObject(*this);
}

Result<DeadLetterPage> DeadLetterPage::fromJson(const QJsonObject &json)
{
    return fromJsonObject<DeadLetterPage>(json);
}

QJsonObject DeadLetterPage::schema()
{
    return schemaOf<DeadLetterPage>();
}

QJsonObject DeadLetterReference::toJson() const
{
    return toJsonObject(*this);
}

Result<DeadLetterReference> DeadLetterReference::fromJson(const QJsonObject &json)
{
    return fromJsonObject<DeadLetterReference>(json);
}

QJsonObject DeadLetterPayload::toJson() const
{
    return toJsonObject(*this);
}

Result<DeadLetterPayload> DeadLetterPayload::fromJson(const QJsonObject &json)
{
    return fromJsonObject<DeadLetterPayload>(json);
}

QJsonObject DeadLetterPayload::schema()
{
    return schemaOf<DeadLetterPayload>();
}

QJsonObject DeadLetterSelection::toJson() const
{
    return toJsonObject(*this);
}

Result<DeadLetterSelection> DeadLetterSelection::fromJson(const QJsonObject &json)
{
    return fromJsonObject<DeadLetterSelection>(json);
}

QJsonObject DeadLetterCount::toJson() const
{
    return toJsonObject(*this);
}

Result<DeadLetterCount> DeadLetterCount::fromJson(const QJsonObject &json)
{
    return fromJsonObject<DeadLetterCount>(json);
}

QJsonObject DeadLetterCount::schema()
{
    return schemaOf<DeadLetterCount>();
}

QString deadLetterKindName(DeadLetter::Kind kind)
{
    return toJsonValue(kind).toString();
}

QString deadLetterStoreName(DeadLetter::Store store)
{
    return toJsonValue(store).toString();
}

} // namespace Quern::admin
