#pragma once

#include "admin-gui/connection/session.h"
#include "admin-gui/models/indexedmodel.h"

namespace Quern::console {

/// How well a server is; in doubt, that it is not there.
Tone healthTone(const LinkState &link, const admin::Status *status);
/// "All is well: 2 of 2 workers are ready.", or why nothing is known.
QString healthSentence(const Session &session);

} // namespace Quern::console
