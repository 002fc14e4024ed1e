#pragma once

#include "admin/protocol/pluginlist.h"
#include "config/settings.h"
#include "ipc/messages.h"

namespace Quern::app {

/// The plugins of \a settings, with what a child that loaded the enabled ones has told of them: its \a manifest, whose
/// plugins stand in the order of the settings. \a state is that of the enabled ones.
admin::PluginList pluginList(const config::Settings &settings, const ipc::HelloMessage &manifest,
                             admin::PluginInfo::State state);

} // namespace Quern::app
