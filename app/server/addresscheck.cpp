#include "app/server/addresscheck.h"

#include "app/server/master.h"
#include "app/server/pidfile.h"
#include "app/server/settingscheck.h"

#include <QFile>

#include <algorithm>

#include <sys/stat.h>

namespace Quern::app {

namespace {

QString unixMend(const net::Endpoint &endpoint, Error::Code code)
{
    switch (code) {
    case Error::Exists: {
        struct stat info = {};
        const bool isSocket =
            ::stat(QFile::encodeName(endpoint.unixPath).constData(), &info) == 0 && S_ISSOCK(info.st_mode);
        return isSocket ? QStringLiteral("; stop its server, or choose another path")
                        : QStringLiteral("; remove it, or choose another path");
    }
    case Error::NotFound:
        return QStringLiteral("; make its folder, or correct the path");
    default:
        return QStringLiteral("; choose a folder that this user may write to");
    }
}

QString portMend(const net::Endpoint &endpoint, net::SocketKind kind, Error::Code code)
{
    switch (code) {
    case Error::Exists: {
        const config::ListenAddress address = config::ListenAddress::tcp(endpoint.host, endpoint.port);
        const Transport transport = kind == net::SocketKind::Datagram ? Transport::Datagram : Transport::Stream;
        const QList<Occupant> occupants = occupantsOf(address, transport);
        const QString holder = occupants.isEmpty() ? QString() : holdersText(occupants.first());
        return holder.isEmpty() ? QStringLiteral("; stop the program that uses it, or choose another port")
                                : QStringLiteral(" by %1; stop it, or choose another port").arg(holder);
    }
    case Error::Permission:
        return QStringLiteral("; choose a port from 1024 on, or give the program CAP_NET_BIND_SERVICE");
    default:
        return QStringLiteral("; choose an address of this machine, or %1 for all of them")
            .arg(endpoint.host.contains(u':') ? QStringLiteral("[::]") : QStringLiteral("0.0.0.0"));
    }
}

bool isHeldBy(qint64 pid, const Listener &listener)
{
    const QList<Occupant> occupants = occupantsOf(listener.address, listener.transport());
    // All of them: of a wider address each part may be somebody else's.
    return !occupants.isEmpty() && std::all_of(occupants.begin(), occupants.end(), [pid](const Occupant &occupant) {
        return std::any_of(occupant.holders.begin(), occupant.holders.end(),
                           [pid](const Holder &holder) { return holder.pid == pid; });
    });
}

/// TLS, and what is spoken otherwise, are no part of it.
bool isSamePlace(const Listener &one, const Listener &other)
{
    return one.address.kind == other.address.kind && one.address.host == other.address.host &&
           one.address.port == other.address.port && one.address.path == other.address.path &&
           one.transport() == other.transport();
}

net::SocketKind kindOf(const Listener &listener)
{
    return listener.transport() == Transport::Datagram ? net::SocketKind::Datagram : net::SocketKind::Stream;
}

} // namespace

std::vector<net::InheritedSockets::Place> placesOf(const config::Settings &settings)
{
    std::vector<net::InheritedSockets::Place> places;
    const QList<Listener> listeners = listenersOf(settings);
    for (const Listener &listener : listeners)
        places.push_back({endpointOf(listener.address), kindOf(listener)});
    return places;
}

net::Endpoint endpointOf(const config::ListenAddress &address)
{
    return {address.host, address.port, address.path};
}

Error addressError(const net::Endpoint &endpoint, const Error &error, net::SocketKind kind)
{
    const QString mend = endpoint.isUnix() ? unixMend(endpoint, error.code()) : portMend(endpoint, kind, error.code());
    return Error(error.code(), error.message() + mend);
}

Result<void> checkAddresses(const config::Settings &settings, const net::InheritedSockets &inherited)
{
    // Its own addresses are taken then, and the lock is what tells people so.
    const Result<qint64> holder = PidFile::holder(Master::pidPath(settings));
    if (!holder || *holder != 0)
        return {};
    QList<Listener> own = listenersOf(settings);
    own.removeIf([&inherited](const Listener &listener) {
        return !inherited.has(endpointOf(listener.address), kindOf(listener));
    });
    return checkAddresses(settings, 0, own);
}

Result<void> checkAddresses(const config::Settings &settings, qint64 leaving, const QList<Listener> &own)
{
    const QList<Listener> listeners = listenersOf(settings);
    for (const Listener &listener : listeners) {
        if (std::any_of(own.begin(), own.end(), [&](const Listener &each) { return isSamePlace(each, listener); }))
            continue;
        const Result<void> free = net::checkFree(endpointOf(listener.address), kindOf(listener));
        if (!free && !(free.error().code() == Error::Exists && isHeldBy(leaving, listener))) {
            const Error error = addressError(endpointOf(listener.address), free.error(), kindOf(listener));
            return errorAtPath(settings, listener.key, error);
        }
    }
    return {};
}

} // namespace Quern::app
