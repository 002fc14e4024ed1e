#pragma once

#include <QString>
#include <QStringList>
#include <QVariant>

namespace Quern::config {

/// \a text as a TOML basic string, in quotes, every control character escaped.
QString quotedToml(const QString &text);

/// Each of \a words as quotedToml(), with ", " between them.
QString quotedWords(const QStringList &words);

/// quotedToml(), cut to a length that suits a message.
QString shownString(const QString &text);

/// \a key as it may stand before '=': bare if TOML allows it, else quoted and cut to a length that suits a message.
QString tomlKey(const QString &key);

/// \a value (string, number, boolean, list, map) as TOML in one line.
QString toTomlText(const QVariant &value);

/// True if \a text holds a character below U+0020 or U+007F.
bool hasControlCharacter(const QString &text);

} // namespace Quern::config
