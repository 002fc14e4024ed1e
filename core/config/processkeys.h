#pragma once

#include "config/rules.h"
#include "config/secrets.h"

#include <QString>
#include <QStringList>

#include <span>

namespace Quern::config {

/// One key of a [[process]]: everything that reading, describing and documenting it needs.
struct ProcessKey
{
    QLatin1StringView name;
    void (*read)(const Reading &reading, ProcessSettings &process); ///< stores it, or tells what is wrong
    QString (*text)(const ProcessSettings &process);                ///< as TOML
    const char *unit;              ///< of a bare number: "seconds", "bytes"; empty if it has none
    const char *doc;               ///< one sentence, English source text of its translation
    const char *derived = nullptr; ///< what the default is taken from, when it has no value of its own
};

/// In the order in which people read them: the order of resources/quern.toml.
std::span<const ProcessKey> processKeys();

/// Null if there is no key \a name.
const ProcessKey *findProcessKey(const QString &name);
QStringList processKeyNames();

/// "process[0].name".
QString processPath(qsizetype index, QLatin1StringView key);

/// What entry \a index has for \a key, as TOML; what is a secret is masked.
QString processValue(const Settings &settings, qsizetype index, const ProcessKey &key, Secrets secrets);

} // namespace Quern::config
