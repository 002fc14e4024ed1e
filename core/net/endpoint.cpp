#include "net/endpoint.h"

#include "base/systemerror.h"
#include "net/connection.h"
#include "net/socketaddress.h"

#include <QFile>

#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace Quern::net {

namespace {

QString attempt(const Endpoint &endpoint, SocketKind kind)
{
    if (kind == SocketKind::Stream)
        return QStringLiteral("cannot listen on %1").arg(endpoint.text());
    return QStringLiteral("cannot receive %1 on %2")
        .arg(endpoint.isUnix() ? QStringLiteral("datagrams") : QStringLiteral("UDP"), endpoint.text());
}

Error cannotListen(const Endpoint &endpoint, SocketKind kind)
{
    return base::systemError(attempt(endpoint, kind));
}

Result<base::FileDescriptor> newSocket(const Endpoint &endpoint, const SocketAddress &address, SocketKind kind)
{
    const int type = kind == SocketKind::Stream ? SOCK_STREAM : SOCK_DGRAM;
    base::FileDescriptor fd(::socket(address.family(), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.isValid())
        return cannotListen(endpoint, kind);
    const int on = 1;
    // A UDP port has no past that would block it; with this, two programs could have one.
    if (!address.isUnix() && kind == SocketKind::Stream)
        ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // "::" listens on IPv6 alone, so that "0.0.0.0" may stand beside it.
    if (address.family() == AF_INET6)
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    return fd;
}

/// Of the file of a Unix socket. Whoever may write to the folder could have put a link in its place.
bool setMode(const Endpoint &endpoint, std::optional<quint16> mode)
{
    return !mode || !endpoint.isUnix() ||
           ::fchmodat(AT_FDCWD, QFile::encodeName(endpoint.unixPath).constData(), *mode, AT_SYMLINK_NOFOLLOW) == 0;
}

/// Binds \a fd. The mode of a Unix path is never wider than \a mode: the kernel takes that of the descriptor, without
/// what the umask forbids, which is added once the file is there. The umask itself is that of all threads.
bool bindTo(int fd, const SocketAddress &address, const Endpoint &endpoint, std::optional<quint16> mode)
{
    const bool hasMode = mode && endpoint.isUnix();
    if (hasMode && ::fchmod(fd, *mode) != 0)
        return false;
    if (::bind(fd, address.get(), address.length()) != 0)
        return false;
    if (setMode(endpoint, mode))
        return true;
    const int problem = errno;
    ::unlink(QFile::encodeName(endpoint.unixPath).constData());
    errno = problem;
    return false;
}

/// A socket file whose server is dead is removed.
Result<void> removeStaleSocket(const Endpoint &endpoint, SocketKind kind)
{
    const Result<UnixPath> found = lookAt(endpoint, kind);
    if (!found)
        return found.error();
    switch (*found) {
    case UnixPath::Free:
        break;
    case UnixPath::Stale:
        ::unlink(QFile::encodeName(endpoint.unixPath).constData());
        break;
    case UnixPath::Taken:
        errno = EADDRINUSE;
        return cannotListen(endpoint, kind);
    case UnixPath::NoSocket:
        return Error(Error::Exists,
                     attempt(endpoint, kind) + QStringLiteral(": a file that is no socket is in the way"));
    }
    return {};
}

} // namespace

QString Endpoint::text() const
{
    if (isUnix())
        return QStringLiteral("unix:") + unixPath;
    // A zone in the host looks like a place marker: both are filled in at once.
    return (host.contains(u':') ? QStringLiteral("[%1]:%2") : QStringLiteral("%1:%2")).arg(host, QString::number(port));
}

Result<UnixPath> lookAt(const Endpoint &endpoint, SocketKind kind)
{
    const Result<SocketAddress> address = SocketAddress::of(endpoint);
    if (!address)
        return address.error();
    struct stat info = {};
    if (::lstat(QFile::encodeName(endpoint.unixPath).constData(), &info) != 0)
        return UnixPath::Free;
    if (!S_ISSOCK(info.st_mode))
        return UnixPath::NoSocket;
    const Result<base::FileDescriptor> probe = newSocket(endpoint, *address, kind);
    if (!probe)
        return probe.error();
    if (::connect(probe->get(), address->get(), address->length()) == 0)
        return UnixPath::Taken;
    switch (errno) {
    case ECONNREFUSED: // nobody listens there any more
        return UnixPath::Stale;
    case ENOENT:
        return UnixPath::Free;
    default:
        // Its own backlog may be full, it may be of the other kind, speak with one peer alone, or not with this user.
        return UnixPath::Taken;
    }
}

Result<void> checkFree(const Endpoint &endpoint, SocketKind kind)
{
    if (endpoint.isUnix())
        return removeStaleSocket(endpoint, kind);
    const Result<SocketAddress> address = SocketAddress::of(endpoint);
    if (!address)
        return address.error();
    // Bound without SO_REUSEPORT, which also fails when the other side has set it.
    const Result<base::FileDescriptor> fd = newSocket(endpoint, *address, kind);
    if (!fd)
        return fd.error();
    if (::bind(fd->get(), address->get(), address->length()) != 0)
        return cannotListen(endpoint, kind);
    return {};
}

void setConnectionOptions(int fd)
{
    const int on = 1;
    const int notSent = Connection::NotSentBytes;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &notSent, sizeof notSent);
}

Result<base::FileDescriptor> listenOn(const Endpoint &endpoint, const ListenOptions &options)
{
    const Result<SocketAddress> address = SocketAddress::of(endpoint);
    if (!address)
        return address.error();
    Result<base::FileDescriptor> fd = newSocket(endpoint, *address, SocketKind::Stream);
    if (!fd)
        return fd.error();
    const int on = 1;
    if (options.sharedPort && !endpoint.isUnix())
        ::setsockopt(fd->get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (!endpoint.isUnix())
        setConnectionOptions(fd->get());
    if (!bindTo(fd->get(), *address, endpoint, options.unixMode) || ::listen(fd->get(), options.backlog) != 0)
        return cannotListen(endpoint, SocketKind::Stream);
    return fd;
}

Result<void> applyOptions(int fd, const Endpoint &endpoint, SocketKind kind, const ListenOptions &options)
{
    if (!setMode(endpoint, options.unixMode))
        return base::systemError(QStringLiteral("setting the permissions of %1").arg(endpoint.text()));
    if (kind == SocketKind::Stream && ::listen(fd, options.backlog) != 0)
        return cannotListen(endpoint, kind);
    return {};
}

Result<base::FileDescriptor> bindDatagram(const Endpoint &endpoint, const DatagramOptions &options)
{
    const Result<SocketAddress> address = SocketAddress::of(endpoint);
    if (!address)
        return address.error();
    Result<base::FileDescriptor> fd = newSocket(endpoint, *address, SocketKind::Datagram);
    if (!fd)
        return fd.error();
    const int on = 1;
    if (options.sharedPort && !endpoint.isUnix())
        ::setsockopt(fd->get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (options.receiveBuffer > 0)
        ::setsockopt(fd->get(), SOL_SOCKET, SO_RCVBUF, &options.receiveBuffer, sizeof options.receiveBuffer);
    if (!bindTo(fd->get(), *address, endpoint, options.unixMode))
        return cannotListen(endpoint, SocketKind::Datagram);
    return fd;
}

} // namespace Quern::net
