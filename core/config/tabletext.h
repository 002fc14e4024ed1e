#pragma once

#include "config/settings.h"

#include <QList>
#include <QString>
#include <QStringList>

namespace Quern::config {

/// One key of a [[table]] or an [[atomic]], as people see it.
struct TableSetting
{
    QString table; ///< "table" or "atomic"
    QString key;
    QString path;         ///< "table[0].size"
    QString value;        ///< as TOML
    QString defaultValue; ///< as TOML; empty if there is none
    const char *unit;
    const char *doc;      ///< one sentence, English source text of its translation
    bool isFirst = false; ///< of its entry
};

/// All of them, in the order of the file: first the tables.
QList<TableSetting> tableSettings(const Settings &settings);

/// What differs between \a running and \a loaded: "table prices", "atomic visits". Only a restart changes them.
QStringList changedTables(const Settings &running, const Settings &loaded);
/// Has \a settings keep the tables and atomics of \a running.
void takeOverTables(const Settings &running, Settings &settings);

} // namespace Quern::config
