#include "net/socketaddress.h"

#include "net/endpoint.h"

#include <QFile>

#include <arpa/inet.h>
#include <cstddef>
#include <cstring>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace Quern::net {

namespace {

constexpr qsizetype pathCapacity = sizeof(sockaddr_un::sun_path);

/// The name in the address of a Unix socket; one of the abstract namespace begins with a NUL.
QByteArrayView nameOf(const SocketAddress &address)
{
    constexpr auto start = qsizetype(offsetof(sockaddr_un, sun_path));
    if (address.length() <= socklen_t(start))
        return {};
    const QByteArrayView name = address.bytes().sliced(start);
    if (name.front() == '\0')
        return name;
    return name.first(qsizetype(::strnlen(name.data(), size_t(name.size()))));
}

/// 0 if there is no such interface.
quint32 interfaceOf(const QByteArray &zone)
{
    bool isNumber = false;
    const quint32 number = zone.toUInt(&isNumber);
    return isNumber ? number : ::if_nametoindex(zone.constData());
}

} // namespace

Result<SocketAddress> SocketAddress::ofHost(QByteArrayView host, quint16 port)
{
    SocketAddress address;
    const auto invalid = [host] {
        return Error(Error::Invalid,
                     QStringLiteral("%1 is not a numeric IPv4 or IPv6 address").arg(QString::fromUtf8(host)));
    };
    if (host.contains('\0'))
        return invalid();
    const qsizetype percent = host.indexOf('%');
    const QByteArray number = (percent < 0 ? host : host.first(percent)).toByteArray();
    auto *in4 = reinterpret_cast<sockaddr_in *>(&address.m_storage);
    if (percent < 0 && ::inet_pton(AF_INET, number.constData(), &in4->sin_addr) == 1) {
        in4->sin_family = AF_INET;
        in4->sin_port = htons(port);
        address.m_length = sizeof *in4;
        return address;
    }
    auto *in6 = reinterpret_cast<sockaddr_in6 *>(&address.m_storage);
    if (::inet_pton(AF_INET6, number.constData(), &in6->sin6_addr) != 1)
        return invalid();
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    if (percent >= 0) {
        in6->sin6_scope_id = interfaceOf(host.sliced(percent + 1).toByteArray());
        if (in6->sin6_scope_id == 0) {
            return Error(Error::Invalid,
                         QStringLiteral("%1: this machine has no such interface").arg(QString::fromUtf8(host)));
        }
    }
    address.m_length = sizeof *in6;
    return address;
}

Result<SocketAddress> SocketAddress::ofPath(QByteArrayView path)
{
    SocketAddress address;
    auto *un = reinterpret_cast<sockaddr_un *>(&address.m_storage);
    const bool isAbstract = path.startsWith('@');
    const qsizetype most = isAbstract ? pathCapacity : pathCapacity - 1;
    if (path.isEmpty() || path.size() > most) {
        return Error(Error::Invalid, QStringLiteral("the Unix socket path %1 has %2 bytes; at most %3 are possible")
                                         .arg(QFile::decodeName(path.toByteArray()), QString::number(path.size()),
                                              QString::number(most)));
    }
    if (!isAbstract && path.contains('\0'))
        return Error(Error::Invalid, QStringLiteral("a Unix socket path has a NUL in it"));
    un->sun_family = AF_UNIX;
    std::memcpy(un->sun_path, path.data(), size_t(path.size()));
    if (isAbstract)
        un->sun_path[0] = '\0';
    address.m_length = socklen_t(offsetof(sockaddr_un, sun_path) + size_t(path.size()) + (isAbstract ? 0 : 1));
    return address;
}

Result<SocketAddress> SocketAddress::of(const Endpoint &endpoint)
{
    if (endpoint.isUnix())
        return ofPath(QFile::encodeName(endpoint.unixPath));
    return ofHost(endpoint.host.toLatin1(), endpoint.port);
}

void SocketAddress::setLength(socklen_t length)
{
    m_length = length;
    // The kernel says nothing of a socket without a name, not even its family.
    if (length == 0)
        m_storage.ss_family = AF_UNSPEC;
}

bool SocketAddress::isAnswerable() const
{
    if (!isUnix())
        return port() != 0;
    const QByteArrayView name = nameOf(*this);
    return name.startsWith('/') || name.startsWith('\0');
}

QByteArray SocketAddress::address() const
{
    if (isUnix()) {
        QByteArray name = isAnswerable() ? nameOf(*this).toByteArray() : QByteArray();
        if (name.startsWith('\0'))
            name[0] = '@';
        return name;
    }
    QByteArray text(peer().address);
    if (m_storage.ss_family == AF_INET6) {
        const quint32 zone = reinterpret_cast<const sockaddr_in6 *>(&m_storage)->sin6_scope_id;
        if (zone != 0)
            text += '%' + QByteArray::number(zone);
    }
    return text;
}

quint16 SocketAddress::port() const
{
    switch (m_storage.ss_family) {
    case AF_INET:
        return ntohs(reinterpret_cast<const sockaddr_in *>(&m_storage)->sin_port);
    case AF_INET6:
        return ntohs(reinterpret_cast<const sockaddr_in6 *>(&m_storage)->sin6_port);
    default:
        return 0;
    }
}

QString SocketAddress::text() const
{
    if (isUnix())
        return QStringLiteral("unix:") + QFile::decodeName(address());
    return Endpoint{QString::fromLatin1(address()), port(), {}}.text();
}

Peer SocketAddress::peer() const
{
    Peer peer;
    if (m_storage.ss_family == AF_INET)
        ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in *>(&m_storage)->sin_addr, peer.address,
                    sizeof peer.address);
    else if (m_storage.ss_family == AF_INET6)
        ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6 *>(&m_storage)->sin6_addr, peer.address,
                    sizeof peer.address);
    peer.port = port();
    return peer;
}

} // namespace Quern::net
