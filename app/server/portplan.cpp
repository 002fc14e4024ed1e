#include "app/server/portplan.h"

#include "app/server/addresscheck.h"
#include "app/server/log.h"
#include "app/server/reactorsettings.h"
#include "app/server/tlssettings.h"

namespace Quern::app {

namespace {

dispatch::LiveSettings liveSettings(const config::ServerSettings &server)
{
    dispatch::LiveSettings live;
    live.messageBytes = server.packageMaxLength;
    live.outputBytes = qint64(server.socketBufferSize);
    live.highWater = qint64(server.bufferHighWatermark);
    live.lowWater = qint64(server.bufferLowWatermark);
    live.idleTime = server.heartbeatIdleTime;
    live.checkInterval = server.heartbeatCheckInterval;
    live.pingInterval = server.websocketPingInterval;
    live.pongTimeout = server.websocketPongTimeout;
    live.compression = server.websocketCompression;
    live.contextTakeover = server.websocketContextTakeover;
    live.compressionMinLength = server.websocketCompressionMinLength;
    return live;
}

Result<std::shared_ptr<const protocol::framed::Framing>> framing(const PortPlan &plan)
{
    using protocol::framed::Framing;
    const config::FramingSettings &settings = plan.socket->framing;
    const Result<Framing::Mode> mode =
        Framing::modeOf(settings.openEofCheck, settings.openEofSplit, settings.openLengthCheck);
    if (!mode)
        return mode.error();
    Framing framing;
    framing.mode = *mode;
    framing.endMark = settings.packageEof;
    framing.lengthType = settings.packageLengthType;
    framing.lengthOffset = quint32(settings.packageLengthOffset);
    framing.bodyOffset = quint32(settings.packageBodyOffset);
    framing.maxLength = quint32(qMin<quint64>(plan.own->packageMaxLength, UINT32_MAX));
    if (const Result<void> checked = framing.check(); !checked)
        return Error(checked.error().code(), plan.title() + QStringLiteral(": ") + checked.error().message());
    return std::make_shared<const Framing>(framing);
}

} // namespace

dispatch::Port::Kind PortPlan::kind() const
{
    if (!socket || socket->type == config::SocketType::Http)
        return dispatch::Port::Kind::Http;
    return socket->type == config::SocketType::Udp ? dispatch::Port::Kind::Datagram : dispatch::Port::Kind::Stream;
}

net::Endpoint PortPlan::endpoint() const
{
    return endpointOf(*address);
}

net::SocketKind PortPlan::socketKind() const
{
    return kind() == dispatch::Port::Kind::Datagram ? net::SocketKind::Datagram : net::SocketKind::Stream;
}

QString PortPlan::table() const
{
    return key.first(key.lastIndexOf(u'.') + 1);
}

QString PortPlan::title() const
{
    return socket ? QStringLiteral("socket \"%1\"").arg(socket->name) : QStringLiteral("server.listen");
}

QString PortPlan::shown() const
{
    const bool isUnix = address->kind == config::ListenAddress::Unix;
    switch (kind()) {
    case dispatch::Port::Kind::Http:
        if (isUnix)
            break;
        return (address->tls ? QStringLiteral("https://%1/") : QStringLiteral("http://%1/")).arg(endpoint().text());
    case dispatch::Port::Kind::Stream:
        return (isUnix ? QStringLiteral("unix_stream ") : QStringLiteral("tcp ")) + address->text;
    case dispatch::Port::Kind::Datagram:
        return (isUnix ? QStringLiteral("unix_dgram ") : QStringLiteral("udp ")) + address->text;
    }
    return address->text;
}

QList<PortPlan> portPlans(const config::Settings &settings)
{
    QList<PortPlan> plans;
    const auto placeOf = [&settings](const QString &key) {
        const QString origin = settings.origins.value(key);
        return origin == QStringLiteral("default") ? QString() : origin.section(u',', 0, 0);
    };
    const QString mainKey = QStringLiteral("server.listen");
    for (const config::ListenAddress &address : settings.server.listen)
        plans.append({&address, nullptr, &settings.server, mainKey, placeOf(mainKey)});
    for (qsizetype i = 0; i < settings.sockets.size(); ++i) {
        const config::SocketSettings &socket = settings.sockets.at(i);
        if (!socket.enabled)
            continue;
        const QString key = QStringLiteral("socket[%1].listen").arg(i);
        for (const config::ListenAddress &address : socket.listen)
            plans.append({&address, &socket, &socket.own, key, placeOf(key)});
    }
    return plans;
}

Result<std::vector<dispatch::Port>> dispatchPorts(const config::Settings &settings)
{
    const Result<dispatch::HttpSettings> common = httpSettings(settings);
    if (!common)
        return common.error();
    const Result<std::vector<std::shared_ptr<const net::TlsContext>>> contexts = tlsContexts(settings);
    if (!contexts)
        return contexts.error();
    std::vector<dispatch::Port> ports;
    for (const PortPlan &plan : portPlans(settings)) {
        dispatch::Port port;
        port.kind = plan.kind();
        port.number = int(ports.size());
        port.http = *common;
        port.live = liveSettings(*plan.own);
        if (plan.socket) {
            port.http.metricsPath.clear();
            port.name = plan.socket->name;
            port.handler = plan.socket->handler.toUtf8();
            applyLimits(*plan.own, port.http);
            if (!port.handler.isEmpty())
                port.http.staticFiles.reset(); // of the application's own ports
        }
        if (port.kind == dispatch::Port::Kind::Stream) {
            const Result<std::shared_ptr<const protocol::framed::Framing>> cut = framing(plan);
            if (!cut)
                return cut.error();
            port.framing = *cut;
        }
        port.tls = (*contexts)[ports.size()];
        ports.push_back(std::move(port));
    }
    return ports;
}

QList<ipc::BootMessage::Port> bootPorts(const config::Settings &settings)
{
    using Port = ipc::BootMessage::Port;
    QList<Port> ports;
    for (const PortPlan &plan : portPlans(settings)) {
        Port port;
        port.name = plan.socket ? plan.socket->name : QStringLiteral("main");
        port.kind = plan.kind() == dispatch::Port::Kind::Http     ? Port::Kind::Http
                    : plan.kind() == dispatch::Port::Kind::Stream ? Port::Kind::Stream
                                                                  : Port::Kind::Datagram;
        port.handler = plan.socket ? plan.socket->handler : QString();
        port.address = plan.address->text;
        port.place = plan.place;
        port.messageBytes = plan.own->packageMaxLength;
        port.outputBytes = plan.own->socketBufferSize;
        ports.append(port);
    }
    return ports;
}

} // namespace Quern::app
