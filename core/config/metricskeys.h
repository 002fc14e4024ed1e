#pragma once

#include "config/keytable.h"

#include <span>

namespace Quern::config {

/// The keys of [metrics], in the order of resources/quern.toml.
std::span<const Key> metricsKeys();

} // namespace Quern::config
