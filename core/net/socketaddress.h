#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

#include <sys/socket.h>

namespace Quern::net {

struct Endpoint;

/// The address of a connection's other end.
struct Peer
{
    char address[46] = {}; ///< text form, NUL-terminated; empty for a Unix socket
    quint16 port = 0;
};

/// The address of a socket as the kernel has it, of any family: where a datagram came from, and where the answer goes.
/// A plain value without memory of its own; its text is made only when it is asked for.
class SocketAddress
{
public:
    /// \a host is a numeric IPv4 address, or an IPv6 one with or without a zone ("fe80::1%2", "fe80::1%eth0").
    /// Error::Invalid if it is not.
    static Result<SocketAddress> ofHost(QByteArrayView host, quint16 port);
    /// \a path is a Unix path of at most 107 bytes, or "@" and a name of the abstract namespace (unix(7)), at most 108
    /// bytes in all. Error::Invalid if it is neither.
    static Result<SocketAddress> ofPath(QByteArrayView path);
    static Result<SocketAddress> of(const Endpoint &endpoint);

    bool isUnix() const { return m_storage.ss_family == AF_UNIX || m_storage.ss_family == AF_UNSPEC; }
    /// Whether something can be sent there: not to a Unix socket that has no name, and not to one whose path is
    /// relative to a folder that only its owner knows.
    bool isAnswerable() const;

    /// What ofHost() or ofPath() makes this address of again; empty if it is not answerable.
    QByteArray address() const;
    quint16 port() const; ///< 0 for a Unix socket
    /// As people write it, like Endpoint::text(); "unix:" alone if it is not answerable.
    QString text() const;
    /// The same for what counts and logs connections: without a zone.
    Peer peer() const;

    int family() const { return m_storage.ss_family; }
    const sockaddr *get() const { return reinterpret_cast<const sockaddr *>(&m_storage); }
    socklen_t length() const { return m_length; }
    /// Where the kernel writes an address of up to Capacity bytes; setLength() follows.
    sockaddr *data() { return reinterpret_cast<sockaddr *>(&m_storage); }
    void setLength(socklen_t length);
    static constexpr socklen_t Capacity = sizeof(sockaddr_storage);

    /// The address as bytes, to compare it by.
    QByteArrayView bytes() const { return {reinterpret_cast<const char *>(&m_storage), qsizetype(m_length)}; }

private:
    sockaddr_storage m_storage = {};
    socklen_t m_length = 0;
};

} // namespace Quern::net
