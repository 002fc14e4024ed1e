#pragma once

#include "config/rules.h"

#include <QString>
#include <QStringList>

#include <span>

namespace Quern::config {

/// One key of [server]: everything that reading, checking, describing and documenting it needs.
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

/// In the order in which people read them: the order of resources/quern.toml.
std::span<const Key> serverKeys();

/// Null if there is no key \a name.
const Key *findServerKey(const QString &name);

QStringList serverKeyNames();
/// Those that a [[socket]] may have as well.
QStringList portKeyNames();

} // namespace Quern::config
