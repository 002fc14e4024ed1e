#include "app/server/addresscheck.h"

#include "app/host/sockettable.h"
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

QString portMend(const net::Endpoint &endpoint, Error::Code code, net::SocketKind kind)
{
    switch (code) {
    case Error::Exists: {
        // Who holds a UDP port is not looked up.
        const QList<Occupant> occupants = kind == net::SocketKind::Datagram ? QList<Occupant>() : occupantsOf(config::ListenAddress::tcp(endpoint.host, endpoint.port));
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

bool isHeldBy(qint64 pid, const config::ListenAddress &address)
{
    const QList<Occupant> occupants = occupantsOf(address);
    return std::any_of(occupants.begin(), occupants.end(), [pid](const Occupant &occupant) {
        return std::any_of(occupant.holders.begin(), occupant.holders.end(),
                           [pid](const Holder &holder) { return holder.pid == pid; });
    });
}

} // namespace

net::Endpoint endpointOf(const config::ListenAddress &address)
{
    return {address.host, address.port, address.path};
}

Error addressError(const net::Endpoint &endpoint, const Error &error, net::SocketKind kind)
{
    const QString mend =
        endpoint.isUnix() ? unixMend(endpoint, error.code()) : portMend(endpoint, error.code(), kind);
    return Error(error.code(), error.message() + mend);
}

Result<void> checkAddresses(const config::Settings &settings)
{
    // Its own addresses are taken then, and the lock is what tells people so.
    const Result<qint64> holder = PidFile::holder(Master::pidPath(settings));
    return !holder || *holder != 0 ? Result<void>() : checkAddresses(settings, 0);
}

Result<void> checkAddresses(const config::Settings &settings, qint64 leaving)
{
    for (const config::ListenAddress &address : settings.server.listen) {
        const net::Endpoint endpoint = endpointOf(address);
        const Result<void> free = net::checkFree(endpoint);
        if (!free && !(free.error().code() == Error::Exists && isHeldBy(leaving, address)))
            return errorAt(settings, "listen", addressError(endpoint, free.error()));
    }
    return {};
}

} // namespace Quern::app
