#pragma once

#include "config/secrets.h"
#include "config/settings.h"

namespace Quern::config {

/// One setting as people see it. The tests hold resources/quern.toml to what is said here.
struct SettingInfo
{
    QString key;          ///< "server.worker_num", "socket[0].listen", "plugin[0].name"
    QString value;        ///< in effect, as TOML
    QString defaultValue; ///< as TOML, a path as it would be written; empty if there is none
    QString derived;      ///< what the default is taken from when it differs between machines; else empty
    QString origin;       ///< "default", "quern.toml:12" or "quern.toml:12, WORKERS from .env:2"
    QString unit;         ///< of a bare number: "seconds", "bytes"; else empty
    QString doc;          ///< one sentence
    Change change = Change::Reload;
};

/// Every key of [server] in its natural order, then what each socket, each cron job and each plugin sets.
QList<SettingInfo> describe(const Settings &settings, Secrets secrets = Secrets::Masked);

/// The keys that every [[socket]] has, "socket.name" and so on, without values. It may have those of portKeyNames()
/// too.
QList<SettingInfo> describeSocketKeys();
/// The same of every [[process]].
QList<SettingInfo> describeProcessKeys();

/// The keys that every [[cron]] has, "cron.name" and so on, without values.
QList<SettingInfo> describeCronKeys();

} // namespace Quern::config
