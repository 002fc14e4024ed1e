#pragma once

#include "config/settings.h"
#include "dispatch/port.h"
#include "ipc/messages.h"
#include "net/endpoint.h"

#include <Quern/result.h>

#include <QList>

#include <vector>

namespace Quern::app {

/// One address that the server listens on, and what it is for. Its place in the list of portPlans() is the number of
/// the port. Points into the settings.
struct PortPlan
{
    const config::ListenAddress *address = nullptr;
    const config::SocketSettings *socket = nullptr; ///< null: one of [server]
    const config::ServerSettings *own = nullptr;    ///< what holds for it
    QString key;                                    ///< of its origin: "server.listen", "socket[0].listen"
    QString place;                                  ///< where it stands: "quern.toml:12"; empty if it is a default

    dispatch::Port::Kind kind() const;
    net::Endpoint endpoint() const;
    net::SocketKind socketKind() const;
    /// What begins the origins of its entry: "server.", "socket[0].".
    QString table() const;
    /// For messages: "server.listen", "socket \"telnet\"".
    QString title() const;
    /// For people, with what is spoken there: "https://127.0.0.1:5200/", "tcp [::1]:5201", "udp 127.0.0.1:5201",
    /// "unix_dgram unix:/run/app.sock", "tcp tls:127.0.0.1:5202".
    QString shown() const;
};

/// Those of [server], then those of each socket that is enabled. \a settings outlive the result.
QList<PortPlan> portPlans(const config::Settings &settings);

/// What reactors need to know of each port. Reads certificates: an error names file and mend.
Result<std::vector<dispatch::Port>> dispatchPorts(const config::Settings &settings);

/// What workers need to know of each port.
QList<ipc::BootMessage::Port> bootPorts(const config::Settings &settings);

} // namespace Quern::app
