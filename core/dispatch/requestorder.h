#pragma once

#include "dispatch/exchange.h"
#include "dispatch/httpsettings.h"
#include "net/listener.h"

#include <Quern/result.h>

namespace Quern::dispatch {

/// Where a request came from.
struct Origin
{
    const net::Peer &peer;
    quint64 connectionId = 0;
    bool isPeerTrusted = false;        ///< a proxy, whose word on the client is taken
    bool isSecure = false;             ///< it speaks TLS to us
    int port = 0;                      ///< number of the port that it came in by
    QByteArray clientCertificate = {}; ///< see ipc::RequestMessage
};

/// An exchange for the request with \a head, with nothing but what its connection needs.
std::unique_ptr<Exchange> newExchange(const protocol::http::RequestHead &head);

/// Fills in payload and order of \a exchange: \a body as it goes to the worker and \a layout, an encoded
/// ipc::BodyLayout or nothing. \a exchange knows whether its body is streamed, and \a head how long it is then.
/// Error::Invalid, to be answered with 400, if what proxies say of the client contradicts itself; Error::TooLarge, 413,
/// if no frame could hold the request.
Result<void> makeOrder(Exchange &exchange, const protocol::http::RequestHead &head, const QByteArray &body,
                       QByteArrayView layout, const Origin &origin, const HttpSettings &settings);

} // namespace Quern::dispatch
