#pragma once

#include "config/secrets.h"
#include "config/settings.h"

#include <QByteArray>

namespace Quern::config {

/// Everything that holds as the text of a settings file, each value with its origin in a comment. Loaded again it
/// gives the same settings, but for the masks: a masked key of [server] or of a socket is a comment, and a masked value
/// of a plugin is "***". What .env files set for child processes is no part of it.
QByteArray effectiveToml(const Settings &settings, Secrets secrets = Secrets::Masked);

} // namespace Quern::config
