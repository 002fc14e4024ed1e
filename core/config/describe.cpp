#include "config/describe.h"

#include "config/cronkeys.h"
#include "config/keytable.h"
#include "config/processkeys.h"
#include "config/socketkeys.h"
#include "config/tabletext.h"
#include "config/text.h"
#include "config/tomltext.h"

#include <QCoreApplication>

namespace Quern::config {

namespace {

QString translated(const char *source)
{
    return source && *source ? QCoreApplication::translate("Quern::config", source) : QString();
}

bool isMasked(const Settings &settings, const QString &path, Secrets secrets)
{
    return secrets == Secrets::Masked && settings.secrets.contains(path);
}

/// \a value, or the mask if \a path is a secret.
QString shownValue(const Settings &settings, const QString &path, const QString &value, Secrets secrets)
{
    return isMasked(settings, path, secrets) ? quotedToml(secretMask) : value;
}

SettingInfo socketInfo(const SocketKey &key, const QString &path, const QString &value)
{
    const QString defaultValue = key.derived ? QString() : key.text({});
    return {path, value, defaultValue, translated(key.derived), {}, {}, translated(key.doc), socketKeyChange};
}

QList<SettingInfo> describeSocket(const Settings &settings, qsizetype index, Secrets secrets)
{
    const SocketSettings &socket = settings.sockets.at(index);
    QList<SettingInfo> infos;
    for (const SocketKey &key : socketKeys()) {
        const QString path = socketPath(index, key.name);
        if (!key.isFraming || socket.type == SocketType::Tcp)
            infos.append(socketInfo(key, path, shownValue(settings, path, key.text(socket), secrets)));
    }
    for (const Key &key : serverKeys()) {
        const QString path = socketPath(index, key.name);
        const QString general = QStringLiteral("server.") + key.name;
        if (!key.perPort || !isWritten(settings, index, key.name))
            continue;
        infos.append({path,
                      shownValue(settings, path, valueText(key.rule, socket.own), secrets),
                      shownValue(settings, general, valueText(key.rule, settings.server), secrets),
                      Text::tr("what [server] says"),
                      {},
                      translated(key.unit),
                      translated(key.doc),
                      key.change});
    }
    return infos;
}

QList<SettingInfo> describeTable(const Settings &settings, const KeyTable &table, Secrets secrets)
{
    const ServerSettings unset;
    QList<SettingInfo> infos;
    for (const Key &key : table.keys) {
        const QString name = table.path(key);
        infos.append({name,
                      shownValue(settings, name, valueText(key.rule, settings.server), secrets),
                      valueText(key.rule, unset),
                      translated(key.derived),
                      {},
                      translated(key.unit),
                      translated(key.doc),
                      key.change});
    }
    return infos;
}

SettingInfo processInfo(const ProcessKey &key, const QString &path, const QString &value)
{
    const QString defaultValue = key.derived ? QString() : key.text({});
    return {path,          value, defaultValue, translated(key.derived), {}, translated(key.unit), translated(key.doc),
            Change::Reload};
}

SettingInfo cronInfo(const CronKey &key, const QString &path, const QString &value)
{
    const QString defaultValue = key.derived ? QString() : toTomlText(key.value({}));
    return {path,          value, defaultValue, translated(key.derived), {}, translated(key.unit), translated(key.doc),
            Change::Reload};
}

QList<SettingInfo> describeProcess(const Settings &settings, qsizetype index, Secrets secrets)
{
    QList<SettingInfo> infos;
    for (const ProcessKey &key : processKeys())
        infos.append(processInfo(key, processPath(index, key.name), processValue(settings, index, key, secrets)));
    return infos;
}

QList<SettingInfo> describeCron(const Settings &settings, qsizetype index, Secrets secrets)
{
    QList<SettingInfo> infos;
    for (const CronKey &key : cronKeys()) {
        // What is not written, the plugin may say.
        if (isCronWritten(settings, index, key.name))
            infos.append(cronInfo(key, cronPath(index, key.name), shownCronValue(settings, index, key, secrets)));
    }
    return infos;
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
    QList<SettingInfo> infos;
    for (const KeyTable &table : keyTables())
        infos += describeTable(settings, table, secrets);
    for (qsizetype i = 0; i < settings.sockets.size(); ++i)
        infos += describeSocket(settings, i, secrets);
    for (qsizetype i = 0; i < settings.processes.size(); ++i)
        infos += describeProcess(settings, i, secrets);
    for (qsizetype i = 0; i < settings.crons.size(); ++i)
        infos += describeCron(settings, i, secrets);
    for (const TableSetting &each : tableSettings(settings)) {
        infos.append({each.path,
                      shownValue(settings, each.path, each.value, secrets),
                      each.defaultValue,
                      {},
                      {},
                      translated(each.unit),
                      translated(each.doc),
                      Change::Restart});
    }
    for (qsizetype i = 0; i < settings.plugins.size(); ++i)
        infos += describePlugin(settings, i, secrets);
    for (SettingInfo &info : infos)
        info.origin = settings.origins.value(info.key, QStringLiteral("default"));
    return infos;
}

QList<SettingInfo> describeProcessKeys()
{
    QList<SettingInfo> infos;
    for (const ProcessKey &key : processKeys())
        infos.append(processInfo(key, QStringLiteral("process.") + key.name, {}));
    return infos;
}

QList<SettingInfo> describeSocketKeys()
{
    QList<SettingInfo> infos;
    for (const SocketKey &key : socketKeys())
        infos.append(socketInfo(key, QStringLiteral("socket.") + key.name, {}));
    return infos;
}

QList<SettingInfo> describeCronKeys()
{
    QList<SettingInfo> infos;
    for (const CronKey &key : cronKeys())
        infos.append(cronInfo(key, QStringLiteral("cron.") + key.name, {}));
    return infos;
}

} // namespace Quern::config
