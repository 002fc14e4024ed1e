#pragma once

#include "admin/server/accesstokens.h"
#include "config/settings.h"

#include <Quern/result.h>

namespace Quern::app {

/// Where the tokens of the management API are. Absolute.
QString tokenFile(const config::Settings &settings);

/// Reads them; a file that is not there is made, with a token for each role. Refuses a file that anybody else can read.
/// Errors have the line of the settings, and the mend.
Result<admin::AccessTokens> loadTokens(const config::Settings &settings);

/// Whether loadTokens() would succeed. Makes nothing.
Result<void> checkTokens(const config::Settings &settings);

} // namespace Quern::app
