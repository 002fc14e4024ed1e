#include "admin/protocol/auditmessages.h"

#include "admin/protocol/jsonschema.h"

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

template <>
constexpr auto namesOf<AuditEntry::Outcome> = std::to_array<EnumName<AuditEntry::Outcome>>({
    {AuditEntry::Outcome::Done, "done"_L1},
    {AuditEntry::Outcome::Begun, "begun"_L1},
    {AuditEntry::Outcome::Failed, "failed"_L1},
    {AuditEntry::Outcome::Refused, "refused"_L1},
});

template <>
constexpr auto fieldsOf<AuditEntry> = std::tuple{
    Field{"serial"_L1, &AuditEntry::serial},   Field{"time"_L1, &AuditEntry::time},
    Field{"who"_L1, &AuditEntry::who},         Field{"role"_L1, &AuditEntry::role},
    Field{"method"_L1, &AuditEntry::method},   Field{"params"_L1, &AuditEntry::params},
    Field{"outcome"_L1, &AuditEntry::outcome}, Field{"error"_L1, &AuditEntry::error},
};

template <>
constexpr auto fieldsOf<AuditQuery> = std::tuple{
    Field{"limit"_L1, &AuditQuery::limit},
    Field{"before"_L1, &AuditQuery::before},
};

template <>
constexpr auto fieldsOf<AuditPage> = std::tuple{
    Field{"entries"_L1, &AuditPage::entries},
    Field{"before"_L1, &AuditPage::before},
};

QJsonObject AuditEntry::toJson() const
{
    return toJsonObject(*this);
}

Result<AuditEntry> AuditEntry::fromJson(const QJsonObject &json)
{
    return fromJsonObject<AuditEntry>(json);
}

QJsonObject AuditQuery::toJson() const
{
    return toJsonObject(*this);
}

Result<AuditQuery> AuditQuery::fromJson(const QJsonObject &json)
{
    AuditQuery query;
    JsonReader reader;
    reader.readGivenMembers(json, query);
    reader.checkLimit(query.limit, MostEntries);
    return reader.result(std::move(query));
}

QJsonObject AuditPage::toJson() const
{
    return toJsonObject(*this);
}

Result<AuditPage> AuditPage::fromJson(const QJsonObject &json)
{
    return fromJsonObject<AuditPage>(json);
}

QJsonObject AuditPage::schema()
{
    return schemaOf<AuditPage>();
}

} // namespace Quern::admin
