#pragma once

#include "app/host/listeners.h"
#include "config/settings.h"
#include "net/endpoint.h"
#include "net/inheritedsockets.h"

#include <Quern/result.h>

namespace Quern::app {

/// All that a server with these settings listens on.
std::vector<net::InheritedSockets::Place> placesOf(const config::Settings &settings);

net::Endpoint endpointOf(const config::ListenAddress &address);

/// \a error of net::checkFree() or net::listenOn(), with the mend: who has the port, if that can be seen.
Error addressError(const net::Endpoint &endpoint, const Error &error, net::SocketKind kind = net::SocketKind::Stream);

/// Whether the addresses that are not among \a inherited are free, unless a server with these settings runs already.
/// Nothing is left behind. An error names the line of the settings and the mend.
Result<void> checkAddresses(const config::Settings &settings, const net::InheritedSockets &inherited);
/// The same, whoever runs; what the process \a leaving holds will be free. 0: there is none. Of those that are among
/// \a own that is known, and they are not looked at.
Result<void> checkAddresses(const config::Settings &settings, qint64 leaving, const QList<Listener> &own = {});

} // namespace Quern::app
