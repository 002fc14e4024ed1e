#include "admin/protocol/operation.h"

#include "admin/protocol/jsonschema.h"

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

template <>
constexpr auto namesOf<Operation::Kind> = std::to_array<EnumName<Operation::Kind>>({
    {Operation::Kind::Reload, "reload"_L1},
    {Operation::Kind::Stop, "stop"_L1},
    {Operation::Kind::Scale, "scale"_L1},
    {Operation::Kind::Drain, "drain"_L1},
    {Operation::Kind::Restart, "restart"_L1},
});

template <>
constexpr auto namesOf<Operation::State> = std::to_array<EnumName<Operation::State>>({
    {Operation::State::Running, "running"_L1},
    {Operation::State::Succeeded, "succeeded"_L1},
    {Operation::State::Failed, "failed"_L1},
});

template <>
constexpr auto fieldsOf<OperationReference> = std::tuple{
    Field{"operation"_L1, &OperationReference::operation},
    Field{"patienceMs"_L1, &OperationReference::patience},
};

template <>
constexpr auto fieldsOf<OperationNumber> = std::tuple{Field{"operation"_L1, &OperationNumber::operation}};

template <>
constexpr auto fieldsOf<OperationStep> = std::tuple{
    Field{"at"_L1, &OperationStep::at},
    Field{"text"_L1, &OperationStep::text},
};

template <>
constexpr auto fieldsOf<Operation> = std::tuple{
    Field{"id"_L1, &Operation::id},       Field{"kind"_L1, &Operation::kind},   Field{"state"_L1, &Operation::state},
    Field{"steps"_L1, &Operation::steps}, Field{"error"_L1, &Operation::error},
};

template <>
constexpr auto fieldsOf<OperationList> = std::tuple{Field{"operations"_L1, &OperationList::operations}};

QJsonObject OperationReference::toJson() const
{
    return toJsonObject(*this);
}

Result<OperationReference> OperationReference::fromJson(const QJsonObject &json)
{
    OperationReference reference;
    JsonReader reader;
    reader.require(json, "operation"_L1);
    reader.readGivenMembers(json, reference);
    return reader.result(reference);
}

QJsonObject OperationReference::schema()
{
    return schemaOf<OperationReference>();
}

QJsonObject OperationNumber::toJson() const
{
    return toJsonObject(*this);
}

Result<OperationNumber> OperationNumber::fromJson(const QJsonObject &json)
{
    return fromJsonObject<OperationNumber>(json);
}

QJsonObject Operation::toJson() const
{
    return toJsonObject(*this);
}

Result<Operation> Operation::fromJson(const QJsonObject &json)
{
    return fromJsonObject<Operation>(json);
}

QJsonObject Operation::schema()
{
    return schemaOf<Operation>();
}

QJsonObject OperationList::toJson() const
{
    return toJsonObject(*this);
}

Result<OperationList> OperationList::fromJson(const QJsonObject &json)
{
    return fromJsonObject<OperationList>(json);
}

QJsonObject OperationList::schema()
{
    return schemaOf<OperationList>();
}

} // namespace Quern::admin
