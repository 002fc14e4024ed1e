#pragma once

#include "config/tomldocument.h"

#include <QByteArray>

#include <optional>

namespace Quern::config {

/// What a file that is not valid TOML still tells about its server: a document that holds nothing but the runtime_dir
/// of [server], or nothing at all if no line speaks of one. The line must be whole in itself: runtime_dir = "…" below
/// [server], or server.runtime_dir = "…" above all tables. Nullopt if it is not clear which one would hold: a wrong
/// server must not be stopped.
std::optional<TomlValue> salvageRuntimeDirectory(const QByteArray &bytes);

} // namespace Quern::config
