#pragma once

#include <QSet>
#include <QString>
#include <QVariant>

namespace Quern::config {

struct Settings;
struct TomlValue;

/// What stands in place of a secret.
inline const QString secretMask = QStringLiteral("***");

enum class Secrets {
    Masked,
    Shown,
};

/// Whether a setting or a variable of this name is not for everybody's eyes: password, secret, token, key, credential,
/// dsn, in any case and as a part of a longer name.
bool isSecretName(const QString &name);

/// Adds to \a secrets the path of every value at and below \a value, which has the path \a path, that a variable with
/// a secret name has a part in.
void collectSecrets(const TomlValue &value, const QString &path, QSet<QString> &secrets);

/// \a value with the mask in place of what has a secret name, what \a secrets names, and addresses with a password in
/// them. \a path is the one of \a value: "plugin[0].settings".
QVariant masked(const QVariant &value, const QString &path, const QSet<QString> &secrets);

/// The settings of plugin \a index as they may be shown.
QVariantMap shownPluginSettings(const Settings &settings, qsizetype index, Secrets secrets);

} // namespace Quern::config
