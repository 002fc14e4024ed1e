#pragma once

#include "base/filedescriptor.h"

#include <Quern/result.h>

#include <QString>

#include <optional>

namespace Quern::net {

/// An address to listen on.
struct Endpoint
{
    QString host;     ///< numeric IPv4 or IPv6 address; unused for a Unix path
    quint16 port = 0; ///< 1 to 65535
    QString unixPath; ///< not empty: a Unix socket at this absolute path, at most 107 bytes

    bool isUnix() const { return !unixPath.isEmpty(); }
    /// As people write it: "127.0.0.1:5200", "[::1]:5200", "unix:/run/app.sock".
    QString text() const;
};

/// How to listen.
struct ListenOptions
{
    int backlog = 512;                    ///< connections the kernel holds until they are accepted
    bool sharedPort = false;              ///< SO_REUSEPORT, so that each reactor has a queue of its own
    std::optional<quint16> unixMode = {}; ///< permissions of a Unix path, before anybody can connect; null: the umask's
};

/// How to receive datagrams.
struct DatagramOptions
{
    bool sharedPort = false; ///< SO_REUSEPORT: one socket for each reactor. The kernel chooses by the sender's address,
                             ///< so all packets of one sender come to the same
    int receiveBuffer = 0;   ///< bytes of packets that the kernel holds until they are read, SO_RCVBUF, at most
                             ///< net.core.rmem_max; 0: the kernel's default
    std::optional<quint16> unixMode = {}; ///< as of ListenOptions
};

enum class SocketKind : quint8 { Stream, Datagram };

/// What is at a Unix path.
enum class UnixPath : quint8 {
    Free,    ///< nothing
    Stale,   ///< a socket whose server is dead
    Taken,   ///< a socket that lives, or of which that cannot be told
    NoSocket ///< another file
};

/// Looks at the path of \a endpoint, and changes nothing: a server that listens there gets a connection which ends.
Result<UnixPath> lookAt(const Endpoint &endpoint, SocketKind kind);

/// Fails if somebody, another server with a shared port included, listens on \a endpoint. A Unix path that a dead
/// server left behind is removed. Error::Exists if it is taken, Error::Permission, Error::Invalid for a bad address.
Result<void> checkFree(const Endpoint &endpoint, SocketKind kind = SocketKind::Stream);

/// A listening socket, non-blocking and close-on-exec. The message of an error names the endpoint.
Result<base::FileDescriptor> listenOn(const Endpoint &endpoint, const ListenOptions &options);

/// The same for datagrams: UDP, or a Unix datagram socket. A Unix path can be bound once: reactors share that socket.
Result<base::FileDescriptor> bindDatagram(const Endpoint &endpoint, const DatagramOptions &options);

/// What the settings of now say of \a fd, which was bound to \a endpoint before: the queue of a stream, and the
/// permissions of a Unix path. The message of an error names the endpoint.
Result<void> applyOptions(int fd, const Endpoint &endpoint, SocketKind kind, const ListenOptions &options);

/// Sets what connections inherit from \a fd, a listening socket for TCP.
void setConnectionOptions(int fd);

} // namespace Quern::net
