#pragma once

#include <QByteArray>
#include <QByteArrayList>

namespace Quern::admin {

/// By which names the API may be asked, and by pages from where: what keeps a page of the web from using a browser to
/// get at it, by a name of its own that leads here (DNS rebinding) or by requests across origins. A plain value.
struct HostRules
{
    QByteArrayList hosts;   ///< names in lower case; addresses and "localhost" may always be named
    QByteArrayList origins; ///< "https://ops.example.org"

    /// \a host as the Host field gives it, in lower case: "localhost:5210", "[::1]".
    bool permitsHost(const QByteArray &host) const;

    /// \a origin as the Origin field gives it; \a scheme and \a host are those of the request.
    bool isSameOrigin(const QByteArray &origin, const QByteArray &scheme, const QByteArray &host) const;
    bool permitsForeignOrigin(const QByteArray &origin) const;
};

} // namespace Quern::admin
