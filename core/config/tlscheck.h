#pragma once

#include "config/problems.h"
#include "config/settings.h"
#include "config/tomldocument.h"

#include <QString>

namespace Quern::config {

// Keys about TLS where no address begins with "tls:": what is meant to be encrypted would be served in plain text.

/// Tells of such keys in \a table, a [[socket]] that is no UDP, at the first of them. \a directory is the file's.
void checkTlsOfSocket(const TomlValue &table, const QString &directory, Problems &problems);

/// Tells of the certificate in \a table, [server], if no address of \a settings has a use for it. One of a [[socket]]
/// that is switched off will have.
void checkTlsOfServer(const TomlValue &table, const Settings &settings, Problems &problems);

} // namespace Quern::config
