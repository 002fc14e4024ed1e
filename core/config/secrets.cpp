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

const QString secretWords =
    QStringLiteral("(?:pass|pwd|secret|token|key|credential|auth(?!or(?!i))|private|dsn)"); // "author" is none

bool holdsPassword(const QString &text)
{
    // A password may hold '/'; what begins with digits and '/' is a port and a path.
    static const QRegularExpression address(QStringLiteral("://[^/@\\s]*:(?![0-9]+/)[^@\\s]+@"));
    static const QRegularExpression assignment(secretWords + QStringLiteral("\\w*\\s*=\\s*\\S"),
                                               QRegularExpression::CaseInsensitiveOption);
    return address.match(text).hasMatch() || assignment.match(text).hasMatch();
}

} // namespace

bool isSecretName(const QString &name)
{
    static const QRegularExpression words(secretWords, QRegularExpression::CaseInsensitiveOption);
    const bool isWorkingDirectory = name == u"PWD" || name == u"OLDPWD"; // the shell's
    return !isWorkingDirectory && words.match(name).hasMatch();
}

bool isSecret(const TomlValue &value)
{
    return std::any_of(value.variables.begin(), value.variables.end(),
                       [](const UsedVariable &variable) { return isSecretName(variable.name); });
}

bool holdsSecret(const TomlValue &value)
{
    return isSecret(value) || (value.isString() && holdsPassword(value.scalar.toString())) ||
           std::any_of(value.elements.begin(), value.elements.end(), holdsSecret) ||
           std::any_of(value.entries.begin(), value.entries.end(),
                       [](const TomlEntry &entry) { return holdsSecret(entry.value); });
}

QString quotedOrMask(const TomlValue &value, const QString &text)
{
    return quotedToml(isSecret(value) ? secretMask : text);
}

void collectSecrets(const TomlValue &value, const QString &path, QSet<QString> &secrets)
{
    if (isSecret(value))
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

QString shownPlugin(const Settings &settings, qsizetype index, Secrets secrets)
{
    const PluginSettings &plugin = settings.plugins.at(index);
    const QString &source = plugin.name.isEmpty() ? plugin.file : plugin.name;
    const QString key = plugin.name.isEmpty() ? QStringLiteral("file") : QStringLiteral("name");
    if (secrets == Secrets::Shown)
        return source;
    return masked(source, QStringLiteral("plugin[%1].%2").arg(index).arg(key), settings.secrets).toString();
}

QVariantMap shownPluginSettings(const Settings &settings, qsizetype index, Secrets secrets)
{
    const QVariantMap &own = settings.plugins.at(index).settings;
    if (secrets == Secrets::Shown)
        return own;
    return masked(own, QStringLiteral("plugin[%1].settings").arg(index), settings.secrets).toMap();
}

} // namespace Quern::config
