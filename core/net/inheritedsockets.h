#pragma once

#include "base/filedescriptor.h"
#include "net/endpoint.h"
#include "net/socketaddress.h"

#include <Quern/result.h>

#include <QByteArrayList>
#include <QStringList>

#include <vector>

namespace Quern::net {

/// Sockets that whoever started this process has bound for it, or that the program before it has left: they are served
/// in place of new ones. Any one thread.
class InheritedSockets
{
public:
    /// Who looks after the file of a Unix socket.
    enum class Owner : quint8 {
        Server, ///< the server that serves it
        Manager ///< a service manager, which lends it
    };

    /// Takes over \a fd. Error::Invalid if it neither listens for connections nor is bound for datagrams.
    Result<void> add(base::FileDescriptor fd, Owner owner);

    bool isEmpty() const { return m_sockets.empty(); }
    bool has(const Endpoint &endpoint, SocketKind kind) const;
    /// Whether there is one that is lent.
    bool isLent(const Endpoint &endpoint, SocketKind kind) const;
    /// Those that are bound to \a endpoint, in their order: several if they share a port. They are non-blocking.
    std::vector<base::FileDescriptor> take(const Endpoint &endpoint, SocketKind kind);
    struct Place
    {
        Endpoint endpoint;
        SocketKind kind = SocketKind::Stream;
    };
    /// Closes those that are bound elsewhere, and tells where those of them are that were lent.
    QStringList keepOnly(const std::vector<Place> &places);
    /// Removes the files of the Unix sockets that keepOnly() has closed and that are not lent: nobody serves them now.
    void removeLeftFiles();
    /// Closes them.
    void clear() { m_sockets.clear(); }

private:
    struct Socket
    {
        base::FileDescriptor fd;
        SocketAddress address;
        SocketKind kind = SocketKind::Stream;
        Owner owner = Owner::Server;
    };

    static bool isAt(const Socket &socket, const SocketAddress &address, SocketKind kind);

    std::vector<Socket> m_sockets;
    QByteArrayList m_leftFiles;
};

} // namespace Quern::net
