#pragma once

#include "app/host/sockettable.h"
#include "config/settings.h"

#include <QList>
#include <QString>

namespace Quern::app {

/// One address that a server with these settings listens on.
struct Listener
{
    config::ListenAddress address;
    config::SocketType type = config::SocketType::Http;
    QString key;    ///< of its origin: "server.listen", "socket[0].listen"
    QString socket; ///< the name of its [[socket]]; empty for [server]

    Transport transport() const { return type == config::SocketType::Udp ? Transport::Datagram : Transport::Stream; }
    /// "127.0.0.1:5200"; of a [[socket]] with what is spoken there: "udp 127.0.0.1:5201".
    QString text() const;
};

/// Those of [server], those of each [[socket]] that is enabled, and those of the management API if it is.
QList<Listener> listenersOf(const config::Settings &settings);

} // namespace Quern::app
