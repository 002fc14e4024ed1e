#pragma once

#include "protocol/http/ipaddress.h"

#include <Quern/result.h>

#include <QList>
#include <QStringList>

namespace Quern::protocol::http {

/// Which peers are proxies of ours, so that what they say of their client is believed. A value; any thread.
class ProxyTrust
{
public:
    /// Trusts nobody.
    ProxyTrust() = default;

    /// Each of \a entries is an address ("127.0.0.1", "::1"), a network ("10.0.0.0/8", "fd00::/8"), "unix" for the
    /// peers of Unix sockets, or "*" for everybody. Error::Invalid names the entry and the mend.
    static Result<ProxyTrust> parse(const QStringList &entries);

    bool isEmpty() const { return !m_trustsAll && !m_trustsUnix && m_networks.isEmpty(); }
    /// \a address: a numeric address, or nothing for the peer of a Unix socket. Allocates nothing.
    bool trusts(QByteArrayView address) const;
    bool trusts(const IpAddress &address) const;

private:
    struct Network
    {
        IpAddress base;
        int prefix = 128; ///< bits, of all 128 for IPv4 too
        bool contains(const IpAddress &address) const;
    };
    static Result<Network> parseNetwork(const QString &entry);

    QList<Network> m_networks;
    bool m_trustsUnix = false;
    bool m_trustsAll = false;
};

} // namespace Quern::protocol::http
