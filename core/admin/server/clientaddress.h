#pragma once

#include <QHostAddress>
#include <QString>

namespace Quern::admin {

/// What counts as one client: an IPv4 address, or the first 64 bits of an IPv6 address.
QHostAddress networkOf(const QHostAddress &address);

/// "192.0.2.1", also of an IPv4 address that came in over IPv6.
QString shownAddress(const QHostAddress &address);

} // namespace Quern::admin
