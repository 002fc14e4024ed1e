#include "config/describe.h"

#include "config/keytable.h"
#include "config/tomltext.h"

#include <QCoreApplication>

namespace Quern::config {

namespace {

QString translated(const char *source)
{
    return source && *source ? QCoreApplication::translate("Quern::config", source) : QString();
}

SettingInfo pluginInfo(const QString &key, const QVariant &value, const QString &defaultValue, const char *doc)
{
    return {key, toTomlText(value), defaultValue, {}, {}, {}, translated(doc), Change::Reload};
}

QList<SettingInfo> describePlugin(const Settings &settings, qsizetype index, Secrets secrets)
{
    const PluginSettings unset;
    const PluginSettings &plugin = settings.plugins.at(index);
    const QString prefix = QStringLiteral("plugin[%1]").arg(index);
    const bool byName = !plugin.name.isEmpty();
    return {
        pluginInfo(prefix + (byName ? QStringLiteral(".name") : QStringLiteral(".file")),
                   shownPlugin(settings, index, secrets), {},
                   byName ? QT_TRANSLATE_NOOP("Quern::config", "A plugin of the installed plugin folder.")
                          : QT_TRANSLATE_NOOP("Quern::config", "The file of a plugin from elsewhere.")),
        pluginInfo(prefix + QStringLiteral(".enabled"), plugin.enabled, toTomlText(unset.enabled),
                   QT_TRANSLATE_NOOP("Quern::config", "Whether the plugin is loaded.")),
        pluginInfo(prefix + QStringLiteral(".settings"), shownPluginSettings(settings, index, secrets),
                   toTomlText(unset.settings), QT_TRANSLATE_NOOP("Quern::config", "The plugin's own settings.")),
    };
}

} // namespace

QList<SettingInfo> describe(const Settings &settings, Secrets secrets)
{
    const ServerSettings unset;
    QList<SettingInfo> infos;
    for (const Key &key : serverKeys()) {
        const QString name = QStringLiteral("server.") + key.name;
        const bool isMasked = secrets == Secrets::Masked && settings.secrets.contains(name);
        infos.append({name,
                      isMasked ? quotedToml(secretMask) : valueText(key.rule, settings.server),
                      valueText(key.rule, unset),
                      translated(key.derived),
                      {},
                      translated(key.unit),
                      translated(key.doc),
                      key.change});
    }
    for (qsizetype i = 0; i < settings.plugins.size(); ++i)
        infos += describePlugin(settings, i, secrets);
    for (SettingInfo &info : infos)
        info.origin = settings.origins.value(info.key, QStringLiteral("default"));
    return infos;
}

} // namespace Quern::config
