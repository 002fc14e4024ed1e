#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

#include <optional>

namespace Quern::protocol::websocket {

struct ExtensionParameter
{
    QByteArrayView name;             ///< token, as sent
    std::optional<QByteArray> value; ///< token, out of its quotes; nullopt if there is no "="
};

/// One member of Sec-WebSocket-Extensions.
struct ExtensionOffer
{
    QByteArrayView name; ///< token, as sent
    QList<ExtensionParameter> parameters;
};

/// The members of \a field, the value of a Sec-WebSocket-Extensions field (RFC 6455 §9.1), in order; nullopt if one is
/// malformed. Points into \a field.
std::optional<QList<ExtensionOffer>> parseExtensions(QByteArrayView field);

/// What this side wants of permessage-deflate.
struct DeflateOptions
{
    bool enabled = true;
    /// Messages are compressed with what came before them in mind: they get smaller, and each connection takes 200 KB.
    bool contextTakeover = false;
};

/// What both sides agreed on for permessage-deflate (RFC 7692 §7.1).
struct DeflateAgreement
{
    bool serverTakesOver = false; ///< the server's messages may look back at earlier ones
    bool clientTakesOver = false; ///< the client's may
    int serverWindowBits = 15;    ///< at most this in the server's messages; Deflater::minWindowBits to 15
    int clientWindowBits = 15;    ///< the client uses at most this, 8 to 15
    QByteArray field;             ///< value of Sec-WebSocket-Extensions in the answer
};

/// The agreement on the first of \a offers that is permessage-deflate with parameters that are known, valid, named once
/// and can be had; nullopt if there is none.
std::optional<DeflateAgreement> negotiateDeflate(const QList<ExtensionOffer> &offers, const DeflateOptions &options);

} // namespace Quern::protocol::websocket
