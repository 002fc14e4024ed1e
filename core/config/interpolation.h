#pragma once

#include "config/environment.h"
#include "config/problems.h"
#include "config/tomldocument.h"

namespace Quern::config {

/// The most bytes of text that the variables may make of one document.
inline constexpr qint64 longestExpansion = 4 << 20;

/// Replaces in every string of \a document:
///
///     ${NAME}           the variable's value
///     ${NAME:-default}  the same, or default if it is not set or empty
///     $$                one '$'
///
/// Another '$' stays. What a variable holds is not looked at again, and keys are left alone. A string whose variable
/// is not set, or that is malformed, stays as it is, and \a problems tells: as "server.listen", "plugin.settings.url".
void interpolate(TomlValue &document, const Environment &environment, Problems &problems);

} // namespace Quern::config
