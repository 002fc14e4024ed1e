#pragma once

#include "protocol/http/proxytrust.h"
#include "protocol/http/requesthead.h"

#include <QFlags>

#include <optional>

namespace Quern::protocol::http {

/// Header fields in which proxies tell of their client. Only those that every proxy in front sets or removes may be
/// read: a client can send the others itself.
enum class ForwardedFamily : quint8 {
    XForwarded = 1, ///< X-Forwarded-For, -Proto, -Host, -Port
    Forwarded = 2,  ///< RFC 7239
    XRealIp = 4     ///< X-Real-IP
};
Q_DECLARE_FLAGS(ForwardedFamilies, ForwardedFamily)
Q_DECLARE_OPERATORS_FOR_FLAGS(ForwardedFamilies)

/// What proxies said of the client. What they did not say is as the connection and the request have it.
struct ClientFacts
{
    QByteArray address;         ///< as inet_ntop() writes it; empty: not said
    quint16 port = 0;           ///< the client's own; 0: not said
    std::optional<bool> secure; ///< the client speaks HTTPS
    QByteArray host;            ///< which the client asked for, perhaps with a port, valid as a Host; empty: not said
    quint16 hostPort = 0;       ///< which the client connected to (X-Forwarded-Port); 0: not said
};

/// Reads \a families in \a head, which came from a peer that \a trust trusts.
///
/// X-Forwarded-For and Forwarded list a node for each proxy passed, the nearest last. They are walked from the right:
/// trusted nodes are skipped, and the first other one is the client, or else the leftmost. A node that is "unknown",
/// obfuscated or garbage ends the walk at the last known one; 64 nodes at most are looked at. Protocol and host come
/// from the elements of Forwarded that were walked (they were added by trusted proxies), else from the rightmost member
/// of X-Forwarded-Proto, -Host and -Port. X-Real-IP counts only where the others name no address.
///
/// Error::Invalid, to be answered with 400: the two families contradict each other, so that one of them is
/// the client's forgery; Forwarded is malformed, as a client can hide what a proxy adds behind an open quote; a host is
/// not valid.
Result<ClientFacts> clientFacts(const RequestHead &head, const ProxyTrust &trust, ForwardedFamilies families);

} // namespace Quern::protocol::http
