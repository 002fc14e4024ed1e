#pragma once

#include "base/filedescriptor.h"

#include <Quern/result.h>

#include <QString>

namespace Quern::net {

/// An address to listen on.
struct Endpoint
{
    QString host;     ///< numeric IPv4 or IPv6 address; unused for a Unix path
    quint16 port = 0; ///< 1 to 65535
    QString unixPath; ///< not empty: a Unix stream socket at this absolute path, at most 107 bytes

    bool isUnix() const { return !unixPath.isEmpty(); }
    /// As people write it: "127.0.0.1:5200", "[::1]:5200", "unix:/run/app.sock".
    QString text() const;
};

/// How to listen.
struct ListenOptions
{
    int backlog = 512;       ///< connections the kernel holds until they are accepted
    bool sharedPort = false; ///< SO_REUSEPORT, so that each reactor has a queue of its own
};

/// Fails if somebody, another server with a shared port included, listens on \a endpoint. A Unix path that a dead
/// server left behind is removed. Error::Exists if it is taken, Error::Permission, Error::Invalid for a bad address.
Result<void> checkFree(const Endpoint &endpoint);

/// A listening socket, non-blocking and close-on-exec. The message of an error names the endpoint.
Result<base::FileDescriptor> listenOn(const Endpoint &endpoint, const ListenOptions &options);

} // namespace Quern::net
