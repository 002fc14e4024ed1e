#pragma once

#include "config/keytable.h"

#include <span>

namespace Quern::config {

/// The keys of [reload], in the order of resources/quern.toml.
std::span<const Key> reloadKeys();

} // namespace Quern::config
