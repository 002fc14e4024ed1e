#pragma once

#include <Quern/global.h>

#include <QByteArray>
#include <QDateTime>
#include <QString>

#include <chrono>
#include <optional>

namespace Quern {

/// A cookie for the client to keep, see Response::setCookie(). A value type. The rules are those of RFC 6265bis; a
/// cookie that clients would refuse throws std::invalid_argument when it is set.
struct Cookie
{
    /// With which requests that other sites cause the client sends it.
    enum class SameSite {
        Unset, ///< no attribute: the client's own default
        None,  ///< sent with requests of other sites, too; needs \a secure
        Lax,   ///< sent when a link of another site is followed, but not with its pictures, scripts or forms
        Strict,
    };

    /// A token. "__Host-" at its front needs \a secure, the path "/" and no domain; "__Secure-" needs \a secure.
    QByteArray name;
    /// Any text. What a cookie cannot hold is sent percent-encoded, and '%' itself with it; Request::cookie() decodes
    /// it.
    QString value;
    /// For which paths the client sends it back: from '/'; empty: those beside the present one.
    QByteArray path = QByteArrayLiteral("/");
    /// Sent to this host and those below it; empty: to the present host alone.
    QByteArray domain = {};
    /// How long the client keeps it; 0 or less removes it. Without this and \a expires: as long as the client runs.
    std::optional<std::chrono::seconds> maxAge = std::nullopt;
    /// The same as a point in time, which \a maxAge overrules; invalid: none.
    QDateTime expires = {};
    bool secure = false;               ///< sent over https only
    bool httpOnly = true;              ///< scripts cannot read it
    SameSite sameSite = SameSite::Lax; ///< see there
    bool partitioned = false;          ///< kept apart for each top-level site; needs \a secure
};

} // namespace Quern
