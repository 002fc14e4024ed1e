#pragma once

#include <Quern/middleware.h>

#include <QStringList>
#include <QVariantMap>

/// Any page may open a WebSocket to any server, with the cookies that the browser has for it: only the Origin header
/// tells whose page it is (RFC 6455 §10.2). This middleware answers 403 unless the page is one of the same host, or of
/// \a allowed: "https://example.org", "http://localhost:8080". A client that is no browser sends no Origin, and may
/// pass.
Quern::Middleware originCheck(const QStringList &allowed);

/// The list "origins" of the plugin's \a settings. Throws std::invalid_argument, with the mend, for anything else.
QStringList originsOf(const QVariantMap &settings);
