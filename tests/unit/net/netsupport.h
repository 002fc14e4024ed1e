#pragma once

#include "epolltestmain.h"

#include "base/filedescriptor.h"

#include <QAbstractEventDispatcher>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace NetTest {

inline quint16 portOf(int fd)
{
    sockaddr_storage address = {};
    socklen_t length = sizeof address;
    ::getsockname(fd, reinterpret_cast<sockaddr *>(&address), &length);
    return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6 *>(&address)->sin6_port
                                               : reinterpret_cast<sockaddr_in *>(&address)->sin_port);
}

/// A blocking connection to 127.0.0.1:\a port; invalid if it is refused.
inline Quern::base::FileDescriptor connectTo(quint16 port)
{
    Quern::base::FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
        fd.reset();
    return fd;
}

} // namespace NetTest
