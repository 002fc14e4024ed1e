#include "admin/protocol/pluginlist.h"

#include "admin/protocol/jsonschema.h"

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

template <>
constexpr auto namesOf<PluginInfo::State> = std::to_array<EnumName<PluginInfo::State>>({
    {PluginInfo::State::Loaded, "loaded"_L1},
    {PluginInfo::State::Disabled, "disabled"_L1},
    {PluginInfo::State::Ready, "ready"_L1},
});

template <>
constexpr auto fieldsOf<RouteInfo> = std::tuple{
    Field{"method"_L1, &RouteInfo::method},
    Field{"pattern"_L1, &RouteInfo::pattern},
};

template <>
constexpr auto fieldsOf<PluginInfo> = std::tuple{
    Field{"name"_L1, &PluginInfo::name},   Field{"version"_L1, &PluginInfo::version},
    Field{"state"_L1, &PluginInfo::state}, Field{"file"_L1, &PluginInfo::file},
    Field{"place"_L1, &PluginInfo::place}, Field{"routes"_L1, &PluginInfo::routes},

};

template <>
constexpr auto fieldsOf<PluginList> = std::tuple{
    Field{"plugins"_L1, &PluginList::plugins},
};

QJsonObject PluginList::toJson() const
{
    return toJsonObject(*this);
}

Result<PluginList> PluginList::fromJson(const QJsonObject &json)
{
    return fromJsonObject<PluginList>(json);
}

QJsonObject PluginList::schema()
{
    return schemaOf<PluginList>();
}

QString pluginStateName(PluginInfo::State state)
{
    return toJsonValue(state).toString();
}

} // namespace Quern::admin
