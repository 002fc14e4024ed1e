#pragma once

#include "config/problems.h"
#include "config/settings.h"
#include "config/tomldocument.h"

#include <QString>

namespace Quern::config {

// Keys that no address has a use for: those about TLS where none begins with "tls:", so that what is meant to be
// encrypted would be served in plain text, and the mode of Unix sockets where there are none.

/// Tells of such keys in \a table, a [[socket]] of \a type, at the first of each kind. \a directory is the file's.
void checkUseInSocket(const TomlValue &table, SocketType type, const QString &directory, Problems &problems);

/// Tells of such keys in \a table, [server], of whose addresses, and those of the sockets, \a settings know. One of a
/// [[socket]] that is switched off counts. Keys that only say how TLS is spoken may wait for a use.
void checkUseInServer(const TomlValue &table, const Settings &settings, Problems &problems);

} // namespace Quern::config
