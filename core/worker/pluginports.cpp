#include "worker/pluginports.h"

#include <QCoreApplication>

#include <algorithm>

namespace Quern::worker {

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::worker::PluginLoader)
};

/// Why no plugin can serve \a port, with the mend; empty if one can.
QString problemOf(const ipc::BootMessage::Port &port, const std::deque<RouteSpec> &specs)
{
    using Kind = ipc::BootMessage::Port::Kind;
    if (port.handler.isEmpty())
        return port.kind == Kind::Http ? QString() : Text::tr("it has no handler: name one with the key \"handler\"");
    const QByteArray name = port.handler.toUtf8();
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
                    ? Text::tr(
                          "its handler \"%1\" serves stream and datagram ports, and this one speaks HTTP: register "
                          "routes with app.port(\"%1\", …) in install(), or change the type of the entry")
                    : Text::tr("no plugin registers routes for the handler \"%1\": call app.port(\"%1\", …) in "
                               "install(), or remove the entry"))
            .arg(port.handler);
    }
    if (!hasSocket) {
        return (hasRoutes ? Text::tr("its handler \"%1\" has routes, and this port does not speak HTTP: call "
                                     "app.socket(\"%1\") in install(), or change the type of the entry")
                          : Text::tr("no plugin registers the handler \"%1\": call app.socket(\"%1\") in install(), or "
                                     "remove the entry"))
            .arg(port.handler);
    }
    const LiveHandlers &handlers = *socket->live;
    if (port.kind == Kind::Datagram && !handlers.packet)
        return Text::tr("its handler \"%1\" takes no datagrams: give it onPacket(), or change the type of the entry")
            .arg(port.handler);
    if (port.kind == Kind::Stream && !handlers.connect && !handlers.receive)
        return Text::tr(
                   "its handler \"%1\" takes no connections: give it onReceive() or onConnect(), or change the type of "
                   "the entry")
            .arg(port.handler);
    return {};
}

} // namespace

Result<void> assignPorts(ApplicationPrivate &application, const QList<ipc::BootMessage::Port> &ports)
{
    QStringList lines;
    for (const ipc::BootMessage::Port &port : ports) {
        application.ports.push_back({port.name, port.handler.toUtf8()});
        const QString problem = problemOf(port, application.routes);
        const QString place = port.place.isEmpty() ? QString() : port.place + QStringLiteral(": ");
        const QString line = place + Text::tr("socket \"%1\": %2").arg(port.name, problem);
        // A port with several addresses is told of once.
        if (!problem.isEmpty() && !lines.contains(line))
            lines.append(line);
    }
    if (!lines.isEmpty())
        return Error(Error::Invalid, lines.join(u'\n'));
    return {};
}

} // namespace Quern::worker
