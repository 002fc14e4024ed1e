#pragma once

#include "admin-gui/actions/serveraction.h"
#include "admin-gui/models/connectionmodel.h"

/// What can be done with live connections.
namespace Quern::console::connectionactions {

/// "Connection 8796093022209 of ada from 10.0.0.7:40000", "12 connections: of ada (3), of bob, 8 of no user"
QString whose(const QList<Connection> &connections);

/// Each is closed when what was sent to it before has left; \a code and \a reason are told to WebSockets.
ServerAction close(const QList<Connection> &connections, int code, const QString &reason);
/// \a text goes to each as a message.
ServerAction push(const QList<Connection> &connections, const QString &text);

} // namespace Quern::console::connectionactions
