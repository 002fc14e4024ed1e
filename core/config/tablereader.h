#pragma once

#include "config/problems.h"
#include "config/settings.h"
#include "config/tomldocument.h"

namespace Quern::config {

// What a table may be at most: the core of tables has the same bounds.
inline constexpr qint64 mostRows = 1 << 24;
inline constexpr qsizetype mostColumns = 256;
inline constexpr int longestColumn = 65536; ///< bytes of a string
inline constexpr qsizetype mostTables = 256;
inline constexpr qsizetype mostAtomics = 4096;

/// What [[table]] makes of \a settings: tables and their origins ("table[0].name", …), or additions to \a problems.
void readTables(const TomlValue &value, const QString &fileName, Settings &settings, Problems &problems);
/// The same of [[atomic]].
void readAtomics(const TomlValue &value, const QString &fileName, Settings &settings, Problems &problems);

} // namespace Quern::config
