#include "app/host/listeners.h"

#include "config/socketkeys.h"

namespace Quern::app {

QString Listener::text() const
{
    return socket.isEmpty() ? address.text : config::socketTypeName(type) + u' ' + address.text;
}

QList<Listener> listenersOf(const config::Settings &settings)
{
    QList<Listener> listeners;
    for (const config::ListenAddress &address : settings.server.listen)
        listeners.append({address, config::SocketType::Http, QStringLiteral("server.listen"), {}});
    for (qsizetype i = 0; i < settings.sockets.size(); ++i) {
        const config::SocketSettings &socket = settings.sockets.at(i);
        if (!socket.enabled)
            continue;
        const QString key = config::socketPath(i, QLatin1StringView("listen"));
        for (const config::ListenAddress &address : socket.listen)
            listeners.append({address, socket.type, key, socket.name});
    }
    if (settings.server.adminEnable) {
        for (const config::ListenAddress &address : settings.server.adminListen)
            listeners.append({address, config::SocketType::Http, QStringLiteral("admin.listen"), {}});
    }
    return listeners;
}

} // namespace Quern::app
