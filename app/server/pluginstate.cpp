#include "app/server/pluginstate.h"

#include "app/server/installation.h"
#include "base/pluginname.h"

namespace Quern::app {

namespace {

using admin::PluginInfo;

/// What the settings alone say of their plugin \a index.
PluginInfo infoFromSettings(const config::Settings &settings, qsizetype index, PluginInfo::State state)
{
    const config::PluginSettings &plugin = settings.plugins.at(index);
    const bool isInstalled = plugin.file.isEmpty();
    PluginInfo info;
    info.file = isInstalled ? installation::pluginFile(plugin.name) : plugin.file;
    info.name = isInstalled ? plugin.name : base::pluginNameOf(info.file);
    info.state = plugin.enabled ? state : PluginInfo::State::Disabled;
    const QString key = QStringLiteral("plugin[%1].%2").arg(index).arg(isInstalled ? u"name" : u"file");
    info.place = settings.origins.value(key, QStringLiteral("default"));
    return info;
}

void addManifest(PluginInfo &info, const ipc::HelloMessage::Plugin &plugin, const ipc::HelloMessage &manifest)
{
    info.name = plugin.name;
    info.version = plugin.version;
    for (const ipc::RouteEntry &route : manifest.routes) {
        if (route.plugin == plugin.name)
            info.routes.append({QString::fromUtf8(route.method), QString::fromUtf8(route.pattern)});
    }
}

} // namespace

admin::PluginList pluginList(const config::Settings &settings, const ipc::HelloMessage &manifest,
                             PluginInfo::State state)
{
    admin::PluginList list;
    auto told = manifest.plugins.cbegin();
    for (qsizetype i = 0; i < settings.plugins.size(); ++i) {
        PluginInfo &info = list.plugins.emplace_back(infoFromSettings(settings, i, state));
        if (info.state != PluginInfo::State::Disabled && told != manifest.plugins.cend())
            addManifest(info, *told++, manifest);
    }
    return list;
}

} // namespace Quern::app
