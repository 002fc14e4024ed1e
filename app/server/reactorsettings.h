#pragma once

#include "config/settings.h"
#include "dispatch/reactor.h"

#include <Quern/result.h>

namespace Quern::app {

/// What all reactors have in common, from the settings: their number aside. Opens the document root and makes the
/// folder of uploads in the runtime directory, which is there already and is this server's. An error names the line of
/// the settings and the mend.
Result<dispatch::ReactorSettings> reactorSettings(const config::Settings &settings);

/// Removes the uploads that a server has left which was killed, those of children of another user as well. Not while
/// one is there. \a common is what comes of \a settings.
void removeUploadsLeft(const config::Settings &settings, const dispatch::ReactorSettings &common);

/// The parts of it that a reload may change. They touch nothing that is in use.
Result<dispatch::HttpSettings> httpSettings(const config::Settings &settings);
/// The limits and timeouts of \a server.
void applyLimits(const config::ServerSettings &server, dispatch::HttpSettings &http);
dispatch::DispatchSettings dispatchSettings(const config::Settings &settings);
/// max_conn, or fewer if the process may not open that many files: then the log says so.
int connectionLimit(const config::Settings &settings);

} // namespace Quern::app
