#include "net/endpoint.h"

#include "base/systemerror.h"
#include "net/connection.h"

#include <QFile>

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace Quern::net {

namespace {

struct Address
{
    sockaddr_storage storage = {};
    socklen_t length = 0;

    const sockaddr *get() const { return reinterpret_cast<const sockaddr *>(&storage); }
    int family() const { return storage.ss_family; }
};

Result<Address> unixAddress(const QString &unixPath)
{
    Address address;
    auto *un = reinterpret_cast<sockaddr_un *>(&address.storage);
    const QByteArray path = QFile::encodeName(unixPath);
    if (path.size() >= qsizetype(sizeof un->sun_path)) {
        return Error(Error::Invalid, QStringLiteral("the Unix socket path %1 has %2 bytes; at most %3 are possible")
                                         .arg(unixPath)
                                         .arg(path.size())
                                         .arg(sizeof un->sun_path - 1));
    }
    un->sun_family = AF_UNIX;
    std::memcpy(un->sun_path, path.constData(), size_t(path.size()));
    address.length = socklen_t(offsetof(sockaddr_un, sun_path) + size_t(path.size()) + 1);
    return address;
}

Result<Address> addressOf(const Endpoint &endpoint)
{
    if (endpoint.isUnix())
        return unixAddress(endpoint.unixPath);
    Address address;
    const QByteArray host = endpoint.host.toLatin1();
    auto *in4 = reinterpret_cast<sockaddr_in *>(&address.storage);
    if (::inet_pton(AF_INET, host.constData(), &in4->sin_addr) == 1) {
        in4->sin_family = AF_INET;
        in4->sin_port = htons(endpoint.port);
        address.length = sizeof *in4;
        return address;
    }
    auto *in6 = reinterpret_cast<sockaddr_in6 *>(&address.storage);
    if (::inet_pton(AF_INET6, host.constData(), &in6->sin6_addr) == 1) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(endpoint.port);
        address.length = sizeof *in6;
        return address;
    }
    return Error(Error::Invalid, QStringLiteral("%1 is not a numeric IPv4 or IPv6 address").arg(endpoint.host));
}

Error cannotListen(const Endpoint &endpoint)
{
    return base::systemError(QStringLiteral("cannot listen on %1").arg(endpoint.text()));
}

Result<base::FileDescriptor> newSocket(const Endpoint &endpoint, const Address &address)
{
    base::FileDescriptor fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.isValid())
        return cannotListen(endpoint);
    const int on = 1;
    if (address.family() != AF_UNIX)
        ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // "::" listens on IPv6 alone, so that "0.0.0.0" may stand beside it.
    if (address.family() == AF_INET6)
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    return fd;
}

/// A socket file whose server is dead refuses connections; only such a file is removed.
Result<void> removeStaleSocket(const Endpoint &endpoint, const Address &address)
{
    const QByteArray path = QFile::encodeName(endpoint.unixPath);
    struct stat info = {};
    if (::lstat(path.constData(), &info) != 0)
        return {};
    if (!S_ISSOCK(info.st_mode)) {
        return Error(
            Error::Exists,
            QStringLiteral("cannot listen on %1: a file that is no socket is in the way").arg(endpoint.text()));
    }
    const Result<base::FileDescriptor> probe = newSocket(endpoint, address);
    if (!probe)
        return probe.error();
    if (::connect(probe->get(), address.get(), address.length) == 0 || errno == EAGAIN) {
        errno = EADDRINUSE;
        return cannotListen(endpoint);
    }
    if (errno == ECONNREFUSED)
        ::unlink(path.constData());
    return {};
}

} // namespace

QString Endpoint::text() const
{
    if (isUnix())
        return QStringLiteral("unix:") + unixPath;
    if (host.contains(u':'))
        return QStringLiteral("[%1]:%2").arg(host).arg(port);
    return QStringLiteral("%1:%2").arg(host).arg(port);
}

Result<void> checkFree(const Endpoint &endpoint)
{
    const Result<Address> address = addressOf(endpoint);
    if (!address)
        return address.error();
    if (endpoint.isUnix())
        return removeStaleSocket(endpoint, *address);
    // Bound without SO_REUSEPORT, which also fails when the other side has set it.
    const Result<base::FileDescriptor> fd = newSocket(endpoint, *address);
    if (!fd)
        return fd.error();
    if (::bind(fd->get(), address->get(), address->length) != 0)
        return cannotListen(endpoint);
    return {};
}

Result<base::FileDescriptor> listenOn(const Endpoint &endpoint, const ListenOptions &options)
{
    const Result<Address> address = addressOf(endpoint);
    if (!address)
        return address.error();
    Result<base::FileDescriptor> fd = newSocket(endpoint, *address);
    if (!fd)
        return fd.error();
    const int on = 1;
    if (options.sharedPort && !endpoint.isUnix())
        ::setsockopt(fd->get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (!endpoint.isUnix()) {
        // Connections inherit both.
        const int notSent = Connection::NotSentBytes;
        ::setsockopt(fd->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::setsockopt(fd->get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &notSent, sizeof notSent);
    }
    if (::bind(fd->get(), address->get(), address->length) != 0 || ::listen(fd->get(), options.backlog) != 0)
        return cannotListen(endpoint);
    return fd;
}

} // namespace Quern::net
