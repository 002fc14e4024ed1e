#include "admin/protocol/configmessages.h"

#include "admin/protocol/jsonschema.h"

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

template <>
constexpr auto namesOf<SettingStatus::Change> = std::to_array<EnumName<SettingStatus::Change>>({
    {SettingStatus::Change::Live, "live"_L1},
    {SettingStatus::Change::Reload, "reload"_L1},
    {SettingStatus::Change::Restart, "restart"_L1},
});

template <>
constexpr auto fieldsOf<SettingStatus> = std::tuple{
    Field{"key"_L1, &SettingStatus::key},       Field{"value"_L1, &SettingStatus::value},
    Field{"origin"_L1, &SettingStatus::origin}, Field{"default"_L1, &SettingStatus::defaultValue},
    Field{"change"_L1, &SettingStatus::change}, Field{"doc"_L1, &SettingStatus::doc},
};

template <>
constexpr auto fieldsOf<ConfigReport> = std::tuple{
    Field{"file"_L1, &ConfigReport::file},
    Field{"environmentFiles"_L1, &ConfigReport::environmentFiles},
    Field{"settings"_L1, &ConfigReport::settings},
};

template <>
constexpr auto fieldsOf<ConfigCandidate> = std::tuple{Field{"text"_L1, &ConfigCandidate::text}};

template <>
constexpr auto fieldsOf<ConfigVerdict> = std::tuple{
    Field{"right"_L1, &ConfigVerdict::right},
    Field{"problems"_L1, &ConfigVerdict::problems},
    Field{"reload"_L1, &ConfigVerdict::reload},
    Field{"restart"_L1, &ConfigVerdict::restart},
};

QJsonObject ConfigReport::toJson() const
{
    return toJsonObject(*this);
}

Result<ConfigReport> ConfigReport::fromJson(const QJsonObject &json)
{
    return fromJsonObject<ConfigReport>(json);
}

QJsonObject ConfigReport::schema()
{
    return schemaOf<ConfigReport>();
}

QJsonObject ConfigCandidate::toJson() const
{
    return toJsonObject(*this);
}

Result<ConfigCandidate> ConfigCandidate::fromJson(const QJsonObject &json)
{
    return fromJsonObject<ConfigCandidate>(json);
}

QJsonObject ConfigCandidate::schema()
{
    return schemaOf<ConfigCandidate>();
}

QJsonObject ConfigVerdict::toJson() const
{
    return toJsonObject(*this);
}

Result<ConfigVerdict> ConfigVerdict::fromJson(const QJsonObject &json)
{
    return fromJsonObject<ConfigVerdict>(json);
}

QJsonObject ConfigVerdict::schema()
{
    return schemaOf<ConfigVerdict>();
}

} // namespace Quern::admin
