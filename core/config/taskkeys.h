#pragma once

#include "config/keytable.h"

#include <span>

namespace Quern::config {

/// The keys of [tasks], in the order of resources/quern.toml.
std::span<const Key> taskKeys();

} // namespace Quern::config
