#pragma once

#include <Quern/result.h>

#include <QJsonObject>
#include <QJsonValue>
#include <QList>
#include <QString>
#include <QStringList>

namespace Quern::admin {

// Of all fromJson() functions: Error::Protocol names the member and what is wrong with it.

/// One setting in effect. Shape: {"key": "server.worker_num", "value": "2", "origin": "quern.toml:3", "default": "2",
/// "change": "reload", "doc": "…"}
struct SettingStatus
{
    /// When another value of it takes effect.
    enum class Change { Live, Reload, Restart };

    QString key;          ///< "server.worker_num", "socket[0].listen"
    QString value;        ///< as TOML; secrets are masked
    QString origin;       ///< "default", "quern.toml:12" or "quern.toml:12, WORKERS from .env:2"
    QString defaultValue; ///< "default": as TOML; empty if there is none
    Change change = Change::Reload;
    QString doc; ///< one sentence

    bool operator==(const SettingStatus &) const = default;
};

/// All settings in effect. Shape: {"file": "/srv/quern.toml", "environmentFiles": [], "settings": […]}
struct ConfigReport
{
    QString file; ///< absolute; empty without a file
    QStringList environmentFiles;
    QList<SettingStatus> settings;

    QJsonObject toJson() const;
    static Result<ConfigReport> fromJson(const QJsonObject &json);
    static QJsonObject schema();
    bool operator==(const ConfigReport &) const = default;
};

/// What a settings file might say. Shape: {"text": "[server]\nworker_num = 4\n"}
struct ConfigCandidate
{
    QString text; ///< TOML; in place of the present file

    QJsonObject toJson() const;
    static Result<ConfigCandidate> fromJson(const QJsonObject &json);
    static QJsonObject schema();
};

/// What came of it. Nothing has been changed.
/// Shape: {"right": false, "problems": ["quern.toml:2: …"], "reload": [], "restart": ["server.listen"]}
struct ConfigVerdict
{
    bool right = false;
    QStringList problems; ///< one line each; empty if it is right
    QStringList reload;   ///< keys that a reload would change
    QStringList restart;  ///< keys that only a restart would change

    QJsonObject toJson() const;
    static Result<ConfigVerdict> fromJson(const QJsonObject &json);
    static QJsonObject schema();
    bool operator==(const ConfigVerdict &) const = default;
};

} // namespace Quern::admin
