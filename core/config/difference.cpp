#include "config/difference.h"

#include "config/keytable.h"
#include "config/socketdifference.h"
#include "config/tabletext.h"

#include <algorithm>

namespace Quern::config {

namespace {

QStringList changedPlugins(const QList<PluginSettings> &running, const QList<PluginSettings> &loaded)
{
    const bool isSameList = std::equal(running.begin(), running.end(), loaded.begin(), loaded.end(),
                                       [](const PluginSettings &one, const PluginSettings &other) {
                                           return one.name == other.name && one.file == other.file;
                                       });
    if (!isSameList)
        return {QStringLiteral("plugin")};
    QStringList keys;
    for (qsizetype i = 0; i < running.size(); ++i) {
        const QString prefix = QStringLiteral("plugin[%1]").arg(i);
        if (running.at(i).enabled != loaded.at(i).enabled)
            keys += prefix + QStringLiteral(".enabled");
        if (running.at(i).settings != loaded.at(i).settings)
            keys += prefix + QStringLiteral(".settings");
    }
    return keys;
}

} // namespace

QStringList changedKeys(const Settings &running, const Settings &loaded, Change kind)
{
    QStringList keys;
    for (const Key &key : serverKeys()) {
        if (key.change == kind && valueText(key.rule, running.server) != valueText(key.rule, loaded.server))
            keys += QStringLiteral("server.") + key.name;
    }
    keys += changedSocketKeys(running, loaded, kind);
    if (kind == Change::Restart)
        keys += changedTables(running, loaded);
    if (kind == Change::Reload)
        keys += changedPlugins(running.plugins, loaded.plugins);
    return keys;
}

Settings afterReload(const Settings &running, const Settings &loaded)
{
    Settings settings = loaded;
    for (const Key &key : serverKeys()) {
        if (key.change != Change::Restart)
            continue;
        const QString name = QStringLiteral("server.") + key.name;
        copyValue(key.rule, running.server, settings.server);
        settings.origins.insert(name, running.origins.value(name));
        if (running.secrets.contains(name))
            settings.secrets.insert(name);
    }
    takeOverSockets(running, loaded, settings);
    takeOverTables(running, settings);
    return settings;
}

} // namespace Quern::config
