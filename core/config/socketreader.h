#pragma once

#include "config/listenercheck.h"
#include "config/problems.h"
#include "config/settings.h"
#include "config/tomldocument.h"

namespace Quern::config {

/// What [[socket]] makes of \a settings, whose [server] must have been read: its sockets, their origins
/// ("socket[0].listen", …) and what of them is secret, or additions to \a problems. \a value belongs to the key
/// "socket"; \a fileName is the file as the user gave it. \a listeners gets the addresses of those that are enabled.
void readSockets(const TomlValue &value, const QString &fileName, Settings &settings, ListenerCheck &listeners,
                 Problems &problems);

} // namespace Quern::config
