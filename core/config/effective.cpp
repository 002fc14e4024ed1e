#include "config/effective.h"

#include "config/cronkeys.h"
#include "config/keytable.h"
#include "config/processkeys.h"
#include "config/socketkeys.h"
#include "config/tabletext.h"
#include "config/text.h"
#include "config/tomltext.h"

#include <QVariantMap>

namespace Quern::config {

namespace {

/// "$" as "$$", so that nothing is taken for a variable. Keys are never expanded.
QVariant escaped(const QVariant &value)
{
    switch (value.typeId()) {
    case QMetaType::QVariantMap: {
        QVariantMap map = value.toMap();
        for (QVariant &entry : map)
            entry = escaped(entry);
        return map;
    }
    case QMetaType::QVariantList: {
        QVariantList list = value.toList();
        for (QVariant &element : list)
            element = escaped(element);
        return list;
    }
    case QMetaType::QString:
        return value.toString().replace(u'$', QStringLiteral("$$"));
    default:
        return value;
    }
}

QString line(const Settings &settings, const QString &path, const QString &key, const QString &value)
{
    QString origin = settings.origins.value(path, QStringLiteral("default"));
    // A file name may hold what no comment can.
    if (hasControlCharacter(origin))
        origin = quotedToml(origin);
    return QStringLiteral("%1 = %2 # %3\n").arg(key, value, origin);
}

/// The line of \a path, which \a key ends; a comment if its value is masked.
QString maskedLine(const Settings &settings, const QString &path, const QString &key, const QString &value,
                   Secrets secrets)
{
    if (secrets == Secrets::Masked && settings.secrets.contains(path))
        return u'#' + line(settings, path, key, quotedToml(secretMask));
    return line(settings, path, key, QString(value).replace(u'$', QStringLiteral("$$")));
}

QString socketText(const Settings &settings, qsizetype index, Secrets secrets)
{
    const SocketSettings &socket = settings.sockets.at(index);
    QString text = QStringLiteral("\n[[socket]]\n");
    for (const SocketKey &key : socketKeys()) {
        // A name that is an address, and no handler at all, cannot be written.
        const bool hasDefault = key.derived && !isWritten(settings, index, key.name);
        if (!hasDefault && (!key.isFraming || socket.type == SocketType::Tcp))
            text += maskedLine(settings, socketPath(index, key.name), key.name, key.text(socket), secrets);
    }
    for (const Key &key : serverKeys()) {
        if (key.perPort && isWritten(settings, index, key.name)) {
            text +=
                maskedLine(settings, socketPath(index, key.name), key.name, valueText(key.rule, socket.own), secrets);
        }
    }
    return text;
}

QString processText(const Settings &settings, qsizetype index, Secrets secrets)
{
    QString text = QStringLiteral("\n[[process]]\n");
    for (const ProcessKey &key : processKeys()) {
        const QString path = processPath(index, key.name);
        const QString value = processValue(settings, index, key, secrets);
        text += maskedLine(settings, path, key.name, value, secrets);
    }
    return text;
}

QString cronText(const Settings &settings, qsizetype index, Secrets secrets)
{
    QString text = QStringLiteral("\n[[cron]]\n");
    for (const CronKey &key : cronKeys()) {
        const QString path = cronPath(index, key.name);
        // What is not written, the plugin may say.
        if (!isCronWritten(settings, index, key.name))
            continue;
        if (secrets == Secrets::Masked && settings.secrets.contains(path))
            text += u'#' + line(settings, path, key.name, quotedToml(secretMask));
        else
            text += line(settings, path, key.name,
                         shownCronValue(settings, index, key, secrets).replace(u'$', QStringLiteral("$$")));
    }
    return text;
}

QString tableTexts(const Settings &settings, Secrets secrets)
{
    QString text;
    for (const TableSetting &each : tableSettings(settings)) {
        if (each.isFirst)
            text += QStringLiteral("\n[[%1]]\n").arg(each.table);
        text += maskedLine(settings, each.path, each.key, each.value, secrets);
    }
    return text;
}

QString pluginText(const Settings &settings, qsizetype index, Secrets secrets)
{
    const PluginSettings &plugin = settings.plugins.at(index);
    const QString prefix = QStringLiteral("plugin[%1].").arg(index);
    const auto entry = [&](const QString &key, const QVariant &value) {
        return line(settings, prefix + key, key, toTomlText(escaped(value)));
    };
    const bool byName = !plugin.name.isEmpty();
    return QStringLiteral("\n[[plugin]]\n") +
           entry(byName ? QStringLiteral("name") : QStringLiteral("file"), shownPlugin(settings, index, secrets)) +
           entry(QStringLiteral("enabled"), plugin.enabled) +
           entry(QStringLiteral("settings"), shownPluginSettings(settings, index, secrets));
}

} // namespace

QByteArray effectiveToml(const Settings &settings, Secrets secrets)
{
    QString text;
    // Above all tables: below [server] it would be one of its keys.
    if (settings.plugins.isEmpty())
        text += QStringLiteral("plugin = []\n\n");
    for (const KeyTable &table : keyTables()) {
        text += (text.isEmpty() || text.endsWith(QStringLiteral("\n\n")) ? QString() : QStringLiteral("\n")) +
                QStringLiteral("[%1]\n").arg(table.name);
        for (const Key &key : table.keys)
            text += maskedLine(settings, table.path(key), key.name, valueText(key.rule, settings.server), secrets);
    }
    for (qsizetype i = 0; i < settings.sockets.size(); ++i)
        text += socketText(settings, i, secrets);
    for (qsizetype i = 0; i < settings.processes.size(); ++i)
        text += processText(settings, i, secrets);
    for (qsizetype i = 0; i < settings.crons.size(); ++i)
        text += cronText(settings, i, secrets);
    text += tableTexts(settings, secrets);
    if (settings.defaultPlugin) {
        text += QStringLiteral("\n# %1\n").arg(Text::tr("No [[plugin]] is listed: the welcome plugin is loaded."));
        return text.toUtf8();
    }
    for (qsizetype i = 0; i < settings.plugins.size(); ++i)
        text += pluginText(settings, i, secrets);
    return text.toUtf8();
}

} // namespace Quern::config
