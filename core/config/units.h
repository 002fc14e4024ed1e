#pragma once

#include "config/tomldocument.h"

#include <QString>

#include <chrono>
#include <optional>

namespace Quern::config {

inline constexpr std::chrono::milliseconds shortestDuration{1};
inline constexpr std::chrono::milliseconds longestDuration = std::chrono::hours(24);

/// Bytes from an integer, or from a string of digits with an optional K, M or G (units of 1024) behind.
/// Nullopt for anything else, a negative number and one of more than 64 bits.
std::optional<quint64> parseSize(const TomlValue &value);
/// The shortest way to write \a bytes in TOML: 1000, "512K", "8M".
QString sizeText(quint64 bytes);

/// Whether \a value is written as durations are: a number, or a string of digits with a unit behind, "500ms", "5s",
/// "2m", "1h", "1d".
bool isDuration(const TomlValue &value);
/// Milliseconds from such a string; for a message also from one with a blank, capitals or words, as in "2 Hours". Cut
/// to a year. Nullopt for anything else.
std::optional<std::chrono::milliseconds> parseDuration(const QString &text);
/// The shortest such string for \a duration.
QString durationText(std::chrono::milliseconds duration);

/// Milliseconds from a number of seconds, rounded to the nearest but not down to zero, or as parseDuration(); anything
/// longer than \a longest is cut to just above it; for a message also from a number in a string. Nullopt for anything
/// else and a negative number.
std::optional<std::chrono::milliseconds> parseSeconds(const TomlValue &value,
                                                      std::chrono::milliseconds longest = longestDuration);
/// Seconds as TOML: 65, 0.5.
QString secondsText(std::chrono::milliseconds duration);

} // namespace Quern::config
