#include "config/difference.h"

#include "config/cronkeys.h"
#include "config/keytable.h"
#include "config/processreader.h"
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

qsizetype indexOfCron(const Settings &settings, const QString &name)
{
    const auto it = std::find_if(settings.crons.begin(), settings.crons.end(),
                                 [&name](const CronSettings &cron) { return cron.name == name; });
    return it == settings.crons.end() ? -1 : it - settings.crons.begin();
}

QStringList changedCrons(const Settings &running, const Settings &loaded)
{
    QStringList changed;
    for (qsizetype i = 0; i < running.crons.size(); ++i) {
        const CronSettings &before = running.crons.at(i);
        const QString label = QStringLiteral("cron ") + before.name;
        const qsizetype index = indexOfCron(loaded, before.name);
        if (index < 0)
            changed += label;
        for (const CronKey &key : cronKeys()) {
            // A default that is written down overrides what the plugin says.
            if (index >= 0 && (key.value(before) != key.value(loaded.crons.at(index)) ||
                               isCronWritten(running, i, key.name) != isCronWritten(loaded, index, key.name)))
                changed += label + QStringLiteral(": ") + key.name;
        }
    }
    for (const CronSettings &after : loaded.crons) {
        if (indexOfCron(running, after.name) < 0)
            changed += QStringLiteral("cron ") + after.name;
    }
    return changed;
}

} // namespace

QStringList changedKeys(const Settings &running, const Settings &loaded, Change kind)
{
    QStringList keys;
    for (const KeyTable &table : keyTables()) {
        for (const Key &key : table.keys) {
            if (key.change == kind && valueText(key.rule, running.server) != valueText(key.rule, loaded.server))
                keys += table.path(key);
        }
    }
    keys += changedSocketKeys(running, loaded, kind);
    if (kind == Change::Restart)
        keys += changedTables(running, loaded);
    if (kind == Change::Reload)
        keys += changedCrons(running, loaded) + changedProcessKeys(running, loaded) +
                changedPlugins(running.plugins, loaded.plugins);
    return keys;
}

Settings afterReload(const Settings &running, const Settings &loaded)
{
    Settings settings = loaded;
    for (const KeyTable &table : keyTables()) {
        for (const Key &key : table.keys) {
            if (key.change != Change::Restart)
                continue;
            const QString name = table.path(key);
            copyValue(key.rule, running.server, settings.server);
            settings.origins.insert(name, running.origins.value(name));
            if (running.secrets.contains(name))
                settings.secrets.insert(name);
        }
    }
    takeOverSockets(running, loaded, settings);
    takeOverTables(running, settings);
    return settings;
}

} // namespace Quern::config
