#include "config/secrets.h"

#include "config/settings.h"
#include "config/tomldocument.h"
#include "config/tomltext.h"

#include <QRegularExpression>
#include <QVariantMap>

#include <algorithm>

namespace Quern::config {

namespace {

QString elementPath(const QString &path, qsizetype index)
{
    return QStringLiteral("%1[%2]").arg(path).arg(index);
}

QString memberPath(const QString &path, const QString &key)
{
    // Quoted, so that a dot within a key cannot make one path of two values.
    return path + u'.' + quotedToml(key);
}

bool holdsPassword(const QString &text)
{
    static const QRegularExpression form(QStringLiteral("://[^/@\\s]*:[^/@\\s]+@"));
    return form.match(text).hasMatch();
}

} // namespace

bool isSecretName(const QString &name)
{
    static const QRegularExpression words(QStringLiteral("password|passwd|passphrase|secret|token|key|credential|dsn"),
                                          QRegularExpression::CaseInsensitiveOption);
    return words.match(name).hasMatch();
}

void collectSecrets(const TomlValue &value, const QString &path, QSet<QString> &secrets)
{
    if (std::any_of(value.variables.begin(), value.variables.end(),
                    [](const UsedVariable &variable) { return isSecretName(variable.name); }))
        secrets.insert(path);
    for (std::size_t i = 0; i < value.elements.size(); ++i)
        collectSecrets(value.elements[i], elementPath(path, qsizetype(i)), secrets);
    for (const TomlEntry &entry : value.entries)
        collectSecrets(entry.value, memberPath(path, entry.key), secrets);
}

QVariant masked(const QVariant &value, const QString &path, const QSet<QString> &secrets)
{
    if (secrets.contains(path))
        return secretMask;
    switch (value.typeId()) {
    case QMetaType::QVariantMap: {
        QVariantMap map = value.toMap();
        for (auto it = map.begin(); it != map.end(); ++it) {
            if (isSecretName(it.key()))
                *it = secretMask;
            else
                *it = masked(*it, memberPath(path, it.key()), secrets);
        }
        return map;
    }
    case QMetaType::QVariantList: {
        QVariantList list = value.toList();
        for (qsizetype i = 0; i < list.size(); ++i)
            list[i] = masked(list.at(i), elementPath(path, i), secrets);
        return list;
    }
    case QMetaType::QString:
        return holdsPassword(value.toString()) ? QVariant(secretMask) : value;
    default:
        return value;
    }
}

QVariantMap shownPluginSettings(const Settings &settings, qsizetype index, Secrets secrets)
{
    const QVariantMap &own = settings.plugins.at(index).settings;
    if (secrets == Secrets::Shown)
        return own;
    return masked(own, QStringLiteral("plugin[%1].settings").arg(index), settings.secrets).toMap();
}

} // namespace Quern::config
