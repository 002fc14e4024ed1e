#pragma once

#include "config/keytable.h"

#include <span>

namespace Quern::config {

/// The keys of [admin], in the order of resources/quern.toml.
std::span<const Key> adminKeys();

} // namespace Quern::config
