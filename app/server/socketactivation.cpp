#include "app/server/socketactivation.h"

#include <QByteArray>

#include <unistd.h>

namespace Quern::app {

namespace {

/// SD_LISTEN_FDS_START
constexpr int firstDescriptor = 3;
/// Nobody has more ports than this.
constexpr int mostDescriptors = 1024;

int takeNumber(const char *variable)
{
    const int number = qgetenv(variable).toInt();
    ::qunsetenv(variable);
    return number;
}

} // namespace

Result<net::InheritedSockets> takeActivationSockets()
{
    const int pid = takeNumber("LISTEN_PID");
    const int count = takeNumber("LISTEN_FDS");
    ::qunsetenv("LISTEN_FDNAMES");
    net::InheritedSockets sockets;
    if (pid != ::getpid())
        return sockets;
    for (int fd = firstDescriptor; fd < firstDescriptor + qBound(0, count, mostDescriptors); ++fd) {
        if (const Result<void> added = sockets.add(base::FileDescriptor(fd), net::InheritedSockets::Owner::Manager);
            !added)
            return Error(added.error().code(),
                         QStringLiteral("%1, as LISTEN_FDS says it is; let the .socket unit have ListenStream= and "
                                        "ListenDatagram= alone, and Accept=no")
                             .arg(added.error().message()));
    }
    return sockets;
}

} // namespace Quern::app
