#pragma once

#include "app/host/machine.h"
#include "config/listenaddress.h"

#include <QList>

namespace Quern::app {

/// A process that has a socket open.
struct Holder
{
    qint64 pid = 0;
    QString program; ///< as /proc/PID/comm names it
};

/// What an address is listened on with: TCP and UDP have ports of their own.
enum class Transport {
    Stream,   ///< TCP, or a Unix socket that takes connections
    Datagram, ///< UDP, or a Unix socket of datagrams
};

/// Who is at an address.
struct Occupant
{
    bool isListening = false;  ///< or takes datagrams; else a connection of its own holds the port
    std::optional<qint64> uid; ///< of the socket; null for a Unix socket, where the kernel does not tell
    QList<Holder> holders;     ///< empty if this user may not look into the process
};

/// "nginx (pid 812)", or several of them; empty if this user may not look into the process.
QString holdersText(const Occupant &occupant);

/// The sockets that stand in the way of listening on \a address, as /proc/net/tcp, tcp6, udp, udp6 and unix show them:
/// those that listen, or if none does the ends of connections.
QList<Occupant> occupantsOf(const config::ListenAddress &address, Transport transport, const SystemRoots &roots = {});

} // namespace Quern::app
