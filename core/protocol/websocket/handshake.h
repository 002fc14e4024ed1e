#pragma once

#include "protocol/http/requestdecoder.h"
#include "protocol/websocket/extension.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

#include <variant>

namespace Quern::protocol::websocket {

/// Value of Sec-WebSocket-Version in an answer with status 426 (RFC 6455 §4.4).
inline constexpr char supportedVersion[] = "13";

/// A request that asks for no WebSocket, and is answered as any other.
struct NotAnUpgrade
{
};

/// A valid opening handshake. Points into the request's head.
struct OpeningHandshake
{
    QByteArrayView key;                 ///< for acceptKey()
    QList<QByteArrayView> subprotocols; ///< offered, the most wanted first; tokens, each once
    QList<ExtensionOffer> extensions;   ///< offered, the most wanted first: for negotiateDeflate()
};

using UpgradeCheck = std::variant<NotAnUpgrade, http::Refusal, OpeningHandshake>;

/// Whether \a head opens a WebSocket (RFC 6455 §4.2.1). It is refused with 426 if it is of another version, and with
/// 400 if it breaks a rule in another way. Who may connect, by Origin for example, is not looked at.
UpgradeCheck checkUpgrade(const http::RequestHead &head);

/// Value of Sec-WebSocket-Accept for \a key (RFC 6455 §4.2.2).
QByteArray acceptKey(QByteArrayView key);

} // namespace Quern::protocol::websocket
