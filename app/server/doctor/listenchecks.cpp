#include "app/server/doctor/listenchecks.h"

#include "app/host/listeners.h"
#include "app/host/runtimedirectory.h"
#include "app/server/doctor/text.h"
#include "net/endpoint.h"

#include <QFile>
#include <QFileInfo>

#include <linux/capability.h>
#include <unistd.h>

#include <algorithm>

namespace Quern::app::doctor {

namespace {

QString whoHolds(const Occupant &occupant)
{
    if (!occupant.holders.isEmpty())
        return holdersText(occupant);
    return occupant.uid ? Text::tr("a process of user %1 that this user may not look into").arg(*occupant.uid)
                        : Text::tr("a process that this user may not look into");
}

Check occupied(const QString &name, const QList<Occupant> &occupants, Transport transport)
{
    const QString list = transport == Transport::Datagram ? QStringLiteral("-lunp") : QStringLiteral("-ltnp");
    const QString otherPlace = Text::tr("let listen name another address");
    if (occupants.isEmpty())
        return error(name, Text::tr("is taken, by whom the kernel does not tell"), otherPlace);
    const Occupant &first = occupants.first();
    const QString found = first.isListening ? Text::tr("is taken by %1").arg(whoHolds(first))
                                            : Text::tr("is the end of a connection of %1").arg(whoHolds(first));
    if (first.holders.isEmpty())
        return error(name, found, Text::tr("look as root: ss %1; or %2").arg(list, otherPlace));
    return error(name, found, Text::tr("end it: kill %1; or %2").arg(first.holders.first().pid).arg(otherPlace));
}

/// Null if the port may be bound.
std::optional<Check> privileged(const QString &name, quint16 port, const Machine &machine)
{
    const qint64 firstFree = machine.kernelNumber(QStringLiteral("net/ipv4/ip_unprivileged_port_start")).value_or(1024);
    if (port >= firstFree || machine.hasCapability(CAP_NET_BIND_SERVICE))
        return std::nullopt;
    return error(name, Text::tr("ports below %1 are for those with CAP_NET_BIND_SERVICE").arg(firstFree),
                 Text::tr("AmbientCapabilities=CAP_NET_BIND_SERVICE in its service; or sysctl -w "
                          "net.ipv4.ip_unprivileged_port_start=%1; or let listen name a port from %2")
                     .arg(port)
                     .arg(firstFree));
}

bool isReserved(quint16 port, const QByteArray &reserved)
{
    const QList<QByteArray> ranges = reserved.split(',');
    return std::any_of(ranges.begin(), ranges.end(), [port](const QByteArray &range) {
        const QList<QByteArray> ends = range.split('-');
        return !range.isEmpty() && port >= ends.constFirst().toInt() && port <= ends.constLast().toInt();
    });
}

/// Whether an outgoing connection may be given the port while no server holds it; the server could not start then.
bool mayBeGivenAway(quint16 port, const Machine &machine)
{
    const QByteArray range = machine.kernelText(QStringLiteral("net/ipv4/ip_local_port_range")).value_or(QByteArray());
    const QList<QByteArray> ends = range.simplified().split(' ');
    const QByteArray reserved =
        machine.kernelText(QStringLiteral("net/ipv4/ip_local_reserved_ports")).value_or(QByteArray());
    return ends.size() == 2 && port >= ends.at(0).toInt() && port <= ends.at(1).toInt() && !isReserved(port, reserved);
}

Check freePort(const QString &name, quint16 port, const Machine &machine)
{
    if (!mayBeGivenAway(port, machine))
        return well(name, Text::tr("is free"));
    QByteArray reserved = machine.kernelText(QStringLiteral("net/ipv4/ip_local_reserved_ports")).value_or(QByteArray());
    if (!reserved.isEmpty())
        reserved += ',';
    return warning(name, Text::tr("is free, but the kernel may give the port to an outgoing connection of any program"),
                   Text::tr("sysctl -w net.ipv4.ip_local_reserved_ports=%1; or a port below the range of "
                            "net.ipv4.ip_local_port_range")
                       .arg(QString::fromLatin1(reserved + QByteArray::number(port))));
}

Check freeUnixSocket(const QString &name, const Listener &listener, const config::ServerSettings &server)
{
    const QString &path = listener.address.path;
    const QFileInfo file(path);
    const QFileInfo folder(file.path());
    if (!folder.exists() && isMadeByStart(server.runtimeDir, server.logFile, folder.filePath()))
        return well(name, Text::tr("is free; its folder will be made"));
    if (!folder.isDir())
        return error(name, Text::tr("its folder is not there"), Text::tr("mkdir -p %1").arg(folder.filePath()));
    if (::access(QFile::encodeName(folder.filePath()).constData(), W_OK | X_OK) != 0) {
        return error(name, Text::tr("this user may not write to its folder"),
                     Text::tr("as root: install -d -o %1 %2/quern; and let listen name a path in it")
                         .arg(::geteuid())
                         .arg(folder.filePath()));
    }
    const auto kind = listener.transport() == Transport::Datagram ? net::SocketKind::Datagram : net::SocketKind::Stream;
    const Result<net::UnixPath> found = net::lookAt({{}, 0, path}, kind);
    if (!found)
        return error(name, found.error().message(), Text::tr("let listen name another path"));
    switch (*found) {
    case net::UnixPath::NoSocket:
        return error(name, Text::tr("a file that is no socket is in the way"), Text::tr("remove it: rm %1").arg(path));
    case net::UnixPath::Taken: // bound by another name of the path, or by another kind of socket
        return error(name, Text::tr("is taken, by whom the kernel does not tell"),
                     Text::tr("look as root: ss -lxp; or let listen name another path"));
    case net::UnixPath::Stale: // what a server leaves that was killed, and the next one removes
    case net::UnixPath::Free:
        break;
    }
    return well(name, Text::tr("is free"));
}

Check listenCheck(const Listener &listener, const config::ServerSettings &server, const Machine &machine,
                  qint64 serverPid)
{
    const config::ListenAddress &address = listener.address;
    const QString name = QStringLiteral("listen ") + listener.text();
    const QList<Occupant> occupants = occupantsOf(address, listener.transport(), machine.roots());
    const bool isOurs = std::any_of(occupants.begin(), occupants.end(), [serverPid](const Occupant &occupant) {
        return std::any_of(occupant.holders.begin(), occupant.holders.end(),
                           [serverPid](const Holder &holder) { return holder.pid == serverPid; });
    });
    if (isOurs && serverPid > 0)
        return well(name, Text::tr("is held by this server, pid %1").arg(serverPid));
    if (address.kind == config::ListenAddress::Unix)
        return occupants.isEmpty() ? freeUnixSocket(name, listener, server)
                                   : occupied(name, occupants, listener.transport());
    if (const std::optional<Check> refused = privileged(name, address.port, machine))
        return *refused;
    const Result<void> bound = net::checkFree({address.host, address.port, {}});
    // The port of TCP may be somebody's: that of UDP is another one.
    const bool isDatagram = listener.transport() == Transport::Datagram;
    const bool isTaken = isDatagram ? !occupants.isEmpty() : !bound && bound.error().code() == Error::Exists;
    if (isTaken)
        return occupied(name, occupants, listener.transport());
    if (!bound && bound.error().code() != Error::Exists)
        return error(name, bound.error().message(),
                     Text::tr("let listen name an address of this machine: \"ip address\" shows them"));
    if (serverPid > 0)
        return warning(name, Text::tr("is free: the server that runs does not listen there"),
                       QStringLiteral("quern restart"));
    return freePort(name, address.port, machine);
}

} // namespace

Checks listenChecks(const config::Settings &settings, const Machine &machine, qint64 serverPid)
{
    Checks checks;
    const QList<Listener> listeners = listenersOf(settings);
    for (const Listener &listener : listeners)
        checks.append(listenCheck(listener, settings.server, machine, serverPid));
    return checks;
}

} // namespace Quern::app::doctor
