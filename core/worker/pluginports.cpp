// The half of PluginLoader that brings plugins and ports together.

#include "worker/pluginloader.h"

#include <algorithm>

namespace Quern::worker {

Result<void> PluginLoader::assignPorts(const QList<ipc::BootMessage::Port> &ports)
{
    QStringList lines;
    for (const ipc::BootMessage::Port &port : ports) {
        m_application.ports.push_back({port.name, port.handler.toUtf8()});
        const QString problem = problemOf(port);
        const QString place = port.place.isEmpty() ? QString() : port.place + QStringLiteral(": ");
        const QString line = place + tr("socket \"%1\": %2").arg(port.name, problem);
        // A port with several addresses is told of once.
        if (!problem.isEmpty() && !lines.contains(line))
            lines.append(line);
    }
    if (!lines.isEmpty())
        return Error(Error::Invalid, lines.join(u'\n'));
    return {};
}

/// Why no plugin can serve \a port, with the mend; empty if one can.
QString PluginLoader::problemOf(const ipc::BootMessage::Port &port) const
{
    using Kind = ipc::BootMessage::Port::Kind;
    if (port.handler.isEmpty())
        return port.kind == Kind::Http ? QString() : tr("it has no handler: name one with the key \"handler\"");
    const QByteArray name = port.handler.toUtf8();
    const std::deque<RouteSpec> &specs = m_application.routes;
    const auto socket = std::find_if(
        specs.begin(), specs.end(), [&name](const RouteSpec &spec) { return spec.isSocket() && spec.pattern == name; });
    const bool hasSocket = socket != specs.end();
    const bool hasRoutes = std::any_of(specs.begin(), specs.end(), [&name](const RouteSpec &spec) {
        return !spec.isSocket() && spec.service == name;
    });
    if (port.kind == Kind::Http) {
        if (hasRoutes)
            return {};
        return (hasSocket
                    ? tr("its handler \"%1\" serves stream and datagram ports, and this one speaks HTTP: register "
                         "routes with app.port(\"%1\", …) in install(), or change the type of the entry")
                    : tr("no plugin registers routes for the handler \"%1\": call app.port(\"%1\", …) in "
                         "install(), or remove the entry"))
            .arg(port.handler);
    }
    if (!hasSocket) {
        return (hasRoutes ? tr("its handler \"%1\" has routes, and this port does not speak HTTP: call "
                               "app.socket(\"%1\") in install(), or change the type of the entry")
                          : tr("no plugin registers the handler \"%1\": call app.socket(\"%1\") in install(), or "
                               "remove the entry"))
            .arg(port.handler);
    }
    const LiveHandlers &handlers = *socket->live;
    if (port.kind == Kind::Datagram && !handlers.packet)
        return tr("its handler \"%1\" takes no datagrams: give it onPacket(), or change the type of the entry")
            .arg(port.handler);
    if (port.kind == Kind::Stream && !handlers.connect && !handlers.receive)
        return tr("its handler \"%1\" takes no connections: give it onReceive() or onConnect(), or change the type of "
                  "the entry")
            .arg(port.handler);
    return {};
}

} // namespace Quern::worker
