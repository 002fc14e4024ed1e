#pragma once

#include "config/problems.h"
#include "config/settings.h"
#include "config/tomldocument.h"

namespace Quern::config {

/// What [[plugin]] makes of \a settings: its plugins and their origins ("plugin[0].name", …), or additions to
/// \a problems. \a value belongs to the key "plugin"; \a fileName is the file as the user gave it.
void readPlugins(const TomlValue &value, const QString &fileName, Settings &settings, Problems &problems);

} // namespace Quern::config
