#pragma once

#include "config/rules.h"
#include "config/secrets.h"

#include <QString>
#include <QStringList>
#include <QVariant>

#include <span>

namespace Quern::config {

/// One key of a [[cron]]: everything that reading, describing and documenting it needs. A change takes effect with
/// `quern reload`.
struct CronKey
{
    QLatin1StringView name;
    void (*read)(const Reading &reading, CronSettings &cron); ///< stores it, or tells what is wrong
    QVariant (*value)(const CronSettings &cron);              ///< as it may be written
    const char *unit;                                         ///< of a bare number; empty if it has none
    const char *doc;                                          ///< one sentence, English source text of its translation
    const char *derived = nullptr; ///< what the default is taken from, when it has no value of its own
};

/// In the order in which people read them.
std::span<const CronKey> cronKeys();

/// Null if there is no key \a name.
const CronKey *findCronKey(const QString &name);

QStringList cronKeyNames();

/// "cron[0].interval".
QString cronPath(qsizetype index, QLatin1StringView key);

/// Whether entry \a index says itself what \a key is.
bool isCronWritten(const Settings &settings, qsizetype index, QLatin1StringView key);

/// The value of \a key in entry \a index as TOML, with the masks that \a secrets asks for.
QString shownCronValue(const Settings &settings, qsizetype index, const CronKey &key, Secrets secrets);

/// The name that an entry has which says none: that of its job or of its program; empty if that is no name.
QString defaultCronName(const CronSettings &cron);

} // namespace Quern::config
