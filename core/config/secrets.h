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

/// Whether a setting or a variable of this name is not for everybody's eyes: pass, pwd, secret, token, key, credential,
/// auth, private, dsn, in any case and as a part of a longer name. The shell's PWD and an author are no secrets.
bool isSecretName(const QString &name);

/// Whether a variable with a secret name has a part in \a value itself.
bool isSecret(const TomlValue &value);

/// Whether a variable with a secret name has a part in \a value or in what is below it, or a text there has a password
/// in it. Names of keys do not count.
bool holdsSecret(const TomlValue &value);

/// For a message: \a text, which is what \a value says, in quotes, or the mask.
QString quotedOrMask(const TomlValue &value, const QString &text);

/// Adds to \a secrets the path of every value at and below \a value, which has the path \a path, that a variable with
/// a secret name has a part in.
void collectSecrets(const TomlValue &value, const QString &path, QSet<QString> &secrets);

/// \a value with the mask in place of what has a secret name, what \a secrets names, and texts with a password in them:
/// "redis://me:password@host", "host=db password=…". \a path is the one of \a value: "plugin[0].settings".
QVariant masked(const QVariant &value, const QString &path, const QSet<QString> &secrets);

/// The name of plugin \a index, or its file if it has none, as it may be shown.
QString shownPlugin(const Settings &settings, qsizetype index, Secrets secrets = Secrets::Masked);

/// The settings of plugin \a index as they may be shown.
QVariantMap shownPluginSettings(const Settings &settings, qsizetype index, Secrets secrets);

} // namespace Quern::config
