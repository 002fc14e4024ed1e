#include "net/inheritedsockets.h"

#include "base/systemerror.h"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace Quern::net {

namespace {

int optionOf(int fd, int option)
{
    int value = 0;
    socklen_t length = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

} // namespace

Result<void> InheritedSockets::add(base::FileDescriptor fd, Owner owner)
{
    const int type = optionOf(fd.get(), SO_TYPE);
    const bool isStream = type == SOCK_STREAM && optionOf(fd.get(), SO_ACCEPTCONN) == 1;
    SocketAddress address;
    socklen_t length = SocketAddress::Capacity;
    if ((!isStream && type != SOCK_DGRAM) || ::getsockname(fd.get(), address.data(), &length) != 0)
        return Error(Error::Invalid,
                     QStringLiteral("descriptor %1 is no socket that listens for connections or is bound "
                                    "for datagrams")
                         .arg(fd.get()));
    address.setLength(length);
    ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
    ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
    if (isStream && !address.isUnix())
        setConnectionOptions(fd.get());
    m_sockets.push_back({std::move(fd), address, isStream ? SocketKind::Stream : SocketKind::Datagram, owner});
    return {};
}

bool InheritedSockets::isAt(const Socket &socket, const SocketAddress &address, SocketKind kind)
{
    return socket.kind == kind && socket.address.family() == address.family() &&
           socket.address.port() == address.port() && socket.address.address() == address.address();
}

bool InheritedSockets::has(const Endpoint &endpoint, SocketKind kind) const
{
    const Result<SocketAddress> address = SocketAddress::of(endpoint);
    return address && std::any_of(m_sockets.begin(), m_sockets.end(),
                                  [&](const Socket &socket) { return isAt(socket, *address, kind); });
}

bool InheritedSockets::isLent(const Endpoint &endpoint, SocketKind kind) const
{
    const Result<SocketAddress> address = SocketAddress::of(endpoint);
    return address && std::any_of(m_sockets.begin(), m_sockets.end(), [&](const Socket &socket) {
               return socket.owner == Owner::Manager && isAt(socket, *address, kind);
           });
}

std::vector<base::FileDescriptor> InheritedSockets::take(const Endpoint &endpoint, SocketKind kind)
{
    std::vector<base::FileDescriptor> taken;
    const Result<SocketAddress> address = SocketAddress::of(endpoint);
    if (!address)
        return taken;
    for (Socket &socket : m_sockets) {
        if (isAt(socket, *address, kind))
            taken.push_back(std::move(socket.fd));
    }
    std::erase_if(m_sockets, [](const Socket &socket) { return !socket.fd.isValid(); });
    return taken;
}

QStringList InheritedSockets::keepOnly(const std::vector<Place> &places)
{
    const auto isWanted = [&places](const Socket &socket) {
        return std::any_of(places.begin(), places.end(), [&socket](const Place &place) {
            const Result<SocketAddress> address = SocketAddress::of(place.endpoint);
            return address && isAt(socket, *address, place.kind);
        });
    };
    QStringList lost;
    for (const Socket &socket : m_sockets) {
        if (isWanted(socket))
            continue;
        if (socket.owner == Owner::Manager)
            lost.append(socket.address.text());
        else if (socket.address.address().startsWith('/'))
            m_leftFiles.append(socket.address.address());
    }
    std::erase_if(m_sockets, [&isWanted](const Socket &socket) { return !isWanted(socket); });
    return lost;
}

void InheritedSockets::removeLeftFiles()
{
    const QByteArrayList files = std::exchange(m_leftFiles, {});
    for (const QByteArray &path : files) {
        struct stat about = {};
        if (::lstat(path.constData(), &about) == 0 && S_ISSOCK(about.st_mode))
            ::unlink(path.constData());
    }
}

} // namespace Quern::net
