#pragma once

#include "admin/server/httpserver.h"
#include "config/settings.h"

#include <Quern/result.h>

#include <QSslKey>
#include <QStringList>

namespace Quern::app {

/// What the management API is to keep to.
admin::HttpServerSettings apiSettings(const config::Settings &settings);

/// Where it listens; nowhere unless it is enabled.
QList<admin::HttpAddress> apiAddresses(const config::Settings &settings);
/// "http://127.0.0.1:5210/api/v1" for each.
QStringList apiUrls(const config::Settings &settings);

/// Where the audit log is, also without the API. Absolute.
QString auditLogFile(const config::Settings &settings);

/// By what it knows its clients, and they know it. A reload reads it anew.
struct ApiCredentials
{
    admin::AccessTokens tokens;
    QByteArray certificates; ///< PEM; empty without TLS
    QSslKey key;             ///< of the first; null without TLS
};

/// Error with the line of the settings and the mend.
Result<ApiCredentials> apiCredentials(const config::Settings &settings);

} // namespace Quern::app
