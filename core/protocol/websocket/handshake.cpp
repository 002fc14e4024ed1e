#include "protocol/websocket/handshake.h"

#include "protocol/http/bytes.h"
#include "protocol/http/fieldvalue.h"
#include "sdk/src/httpsyntax_p.h"

#include <QCryptographicHash>

#include <algorithm>
#include <optional>
#include <utility>

namespace Quern::protocol::websocket {

using http::isIgnoringCase;

namespace {

/// RFC 6455 §4.2.1: base64 of 16 bytes.
bool isKey(QByteArrayView value)
{
    constexpr qsizetype keyBytes = 24;
    if (value.size() != keyBytes)
        return false;
    const auto decoded = QByteArray::fromBase64Encoding(value.toByteArray(), QByteArray::AbortOnBase64DecodingErrors);
    return decoded && decoded.decoded.size() == 16;
}

bool hasMember(QByteArrayView value, std::string_view lower)
{
    http::ListReader members(value);
    while (const std::optional<QByteArrayView> member = members.next()) {
        if (isIgnoringCase(*member, lower))
            return true;
    }
    return false;
}

/// Whether \a head has a field \a lowerName with the member \a lower (RFC 9110 §5.3: the fields are one list).
bool lists(const http::RequestHead &head, std::string_view lowerName, std::string_view lower)
{
    return std::any_of(head.headers.begin(), head.headers.end(), [&](const base::HeaderSpan &header) {
        return isIgnoringCase(header.name.in(head.bytes), lowerName) && hasMember(header.value.in(head.bytes), lower);
    });
}

/// Whether all of \a protocols are tokens and no two are the same (RFC 6455 §4.1).
bool areSubprotocols(QList<QByteArrayView> protocols)
{
    std::sort(protocols.begin(), protocols.end());
    return std::all_of(protocols.begin(), protocols.end(), isToken) &&
           std::adjacent_find(protocols.begin(), protocols.end()) == protocols.end();
}

/// The fields of a handshake, read but not judged.
struct Fields
{
    OpeningHandshake handshake;
    QByteArrayView version;
    int keys = 0;
    int versions = 0;
    bool areExtensionsSound = true;

    void add(QByteArrayView name, QByteArrayView value)
    {
        constexpr qsizetype prefixBytes = 14;
        if (name.size() < prefixBytes || !isIgnoringCase(name.first(prefixBytes), "sec-websocket-"))
            return;
        name = name.sliced(prefixBytes);
        if (isIgnoringCase(name, "key")) {
            handshake.key = value;
            ++keys;
        } else if (isIgnoringCase(name, "version")) {
            version = value;
            ++versions;
        } else if (isIgnoringCase(name, "protocol")) {
            http::ListReader members(value);
            while (const std::optional<QByteArrayView> member = members.next())
                handshake.subprotocols.append(*member);
        } else if (isIgnoringCase(name, "extensions")) {
            const auto offers = parseExtensions(value);
            areExtensionsSound = areExtensionsSound && offers;
            if (offers)
                handshake.extensions.append(*offers);
        }
    }
};

} // namespace

UpgradeCheck checkUpgrade(const http::RequestHead &head)
{
    // RFC 9110 §7.8: HTTP/1.0 cannot upgrade, and Upgrade without Connection was meant for somebody before us.
    if (head.minorVersion == 0 || !lists(head, "upgrade", "websocket") || !lists(head, "connection", "upgrade"))
        return NotAnUpgrade{};
    if (head.methodBytes() != QByteArrayView("GET"))
        return http::Refusal{400, "WebSocket handshake with another method than GET"};
    // Its bytes would be taken for frames by whoever in between overlooks the length.
    if (head.chunked || head.contentLength.value_or(0) > 0)
        return http::Refusal{400, "WebSocket handshake with a body"};

    Fields fields;
    for (const base::HeaderSpan &header : head.headers)
        fields.add(header.name.in(head.bytes), header.value.in(head.bytes));
    if (fields.versions > 1)
        return http::Refusal{400, "more than one Sec-WebSocket-Version"};
    if (fields.version != QByteArrayView(supportedVersion))
        return http::Refusal{426, "Sec-WebSocket-Version other than 13"};
    if (fields.keys != 1)
        return http::Refusal{400, fields.keys == 0 ? "no Sec-WebSocket-Key" : "more than one Sec-WebSocket-Key"};
    if (!isKey(fields.handshake.key))
        return http::Refusal{400, "Sec-WebSocket-Key is not base64 of 16 bytes"};
    if (!areSubprotocols(fields.handshake.subprotocols))
        return http::Refusal{400, "malformed Sec-WebSocket-Protocol"};
    if (!fields.areExtensionsSound)
        return http::Refusal{400, "malformed Sec-WebSocket-Extensions"};
    return std::move(fields.handshake);
}

QByteArray acceptKey(QByteArrayView key)
{
    QCryptographicHash hash(QCryptographicHash::Sha1);
    hash.addData(key);
    hash.addData(QByteArrayView("258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    return hash.result().toBase64();
}

} // namespace Quern::protocol::websocket
