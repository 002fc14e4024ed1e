#pragma once

#include <Quern/result.h>

#include <QJsonObject>
#include <QList>
#include <QString>

namespace Quern::admin {

/// One route that a plugin has registered. Shape: {"method": "GET", "pattern": "/users/:id"}.
struct RouteInfo
{
    QString method;
    QString pattern;

    bool operator==(const RouteInfo &) const = default;
};

/// One plugin of the settings.
struct PluginInfo
{
    enum class State {
        Loaded,   ///< serves
        Disabled, ///< enabled = false
        Ready,    ///< can be loaded; no server runs
    };

    QString name; ///< as its metadata say; of one that is not loaded as its file says
    QString version;
    State state = State::Loaded;
    QString file;  ///< absolute
    QString place; ///< where the settings name it: "quern.toml:12"; "default" if they do not
    QList<RouteInfo> routes;

    bool operator==(const PluginInfo &) const = default;
};

/// The result of plugin.list, in the order of the settings.
struct PluginList
{
    QList<PluginInfo> plugins;

    QJsonObject toJson() const;
    /// Error::Protocol names the member and what is wrong with it.
    static Result<PluginList> fromJson(const QJsonObject &json);
    /// See EndpointSchema.
    static QJsonObject schema();

    bool operator==(const PluginList &) const = default;
};

/// "loaded", as in the JSON.
QString pluginStateName(PluginInfo::State state);

} // namespace Quern::admin
