#pragma once

#include <Quern/result.h>

#include <QString>

namespace Quern::config {

/// Where the server listens: an address and port, or a Unix socket. A value type; any thread.
struct ListenAddress
{
    enum Kind { Tcp, Unix };

    Kind kind = Tcp;
    QString host;     ///< IPv4 or IPv6 literal in its shortest form, without brackets; empty for Unix
    quint16 port = 0; ///< 1 to 65535; 0 for Unix
    QString path;     ///< absolute, at most 107 bytes; empty for Tcp
    QString text;     ///< as shown: "127.0.0.1:5200", "[::1]:5200", "unix:/run/app.sock", "tls:0.0.0.0:443"
    bool tls = false; ///< what comes in is TLS

    static ListenAddress tcp(const QString &host, quint16 port);
    static ListenAddress unixSocket(const QString &path);

    /// Reads "127.0.0.1:5200", "[::1]:5200" or "unix:run/app.sock", whose path is relative to \a directory; each also
    /// with "tls:" before it.
    /// Host names are refused: what they resolve to may change under a running server. Error::Invalid with the mend.
    static Result<ListenAddress> parse(const QString &text, const QString &directory);

    /// Whether both cannot be bound at once where the transport is the same: the same path, or the same port of one
    /// address or of all. With TLS or without makes no difference.
    bool overlaps(const ListenAddress &other) const;

    /// Whether only this machine reaches it: an address of 127.0.0.0/8, ::1, or a Unix socket.
    bool isLoopback() const;

    bool operator==(const ListenAddress &) const = default;
};

/// Whether \a text names addresses of proxies: an IPv4 or IPv6 literal, a network such as "10.0.0.0/8", "unix" for the
/// peers of Unix sockets, or "*" for all.
bool isAddressRange(const QString &text);

} // namespace Quern::config
