#pragma once

#include "config/listenreader.h"
#include "config/problems.h"
#include "config/settings.h"
#include "config/tomldocument.h"

#include <QString>

namespace Quern::config {

/// "ops.example.org": a host name in lower case, without a port.
bool isHostName(const QString &text);

/// "https://ops.example.org:8443", as a browser sends it (RFC 6454 §7): no path, no '/' at the end, lower case.
bool isOrigin(const QString &text);

/// The addresses of the API, from \a table, [admin]; none unless it is enabled.
QList<WrittenAddress> writtenAdminAddresses(const TomlValue &table, const Settings &settings);

/// What can be told only once all of [admin], which \a written holds, is read into \a settings. Says nothing unless
/// the API is enabled.
void checkAdmin(const TomlEntry &written, const Settings &settings, Problems &problems);

} // namespace Quern::config
