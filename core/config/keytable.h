#pragma once

#include "config/rules.h"

#include <QString>
#include <QStringList>

#include <span>

namespace Quern::config {

/// One key of [server], [tasks], [admin], [metrics] or [reload]: everything that reading, checking, describing and
/// documenting it needs.
struct Key
{
    QLatin1StringView name;
    Rule rule;
    const char *unit;              ///< of a bare number: "seconds", "bytes"; empty if it has none
    const char *doc;               ///< one sentence, English source text of its translation
    const char *derived = nullptr; ///< what the default is taken from, when it differs between machines
    Change change = Change::Reload;
    bool perPort = false; ///< a [[socket]] may have it as well, and overrides what [server] says
};

/// A table of the file whose keys stand in this form.
struct KeyTable
{
    QLatin1StringView name; ///< "server"
    std::span<const Key> keys;

    /// "server.listen"
    QString path(const Key &key) const { return name + u'.' + key.name; }
    /// Null if it has no key \a name.
    const Key *find(const QString &key) const;
    QStringList names() const;
};

/// [server], then the others.
std::span<const KeyTable> keyTables();
/// Null if there is no table \a name of this kind.
const KeyTable *findKeyTable(const QString &name);

/// In the order in which people read them: the order of resources/quern.toml.
std::span<const Key> serverKeys();

/// Null if there is no key \a name.
const Key *findServerKey(const QString &name);

QStringList serverKeyNames();
/// Those that a [[socket]] may have as well.
QStringList portKeyNames();

} // namespace Quern::config
