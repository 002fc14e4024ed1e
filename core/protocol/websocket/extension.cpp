#include "protocol/websocket/extension.h"

#include "protocol/http/bytes.h"
#include "protocol/http/fieldvalue.h"
#include "protocol/websocket/deflate.h"
#include "sdk/src/httpsyntax_p.h"

namespace Quern::protocol::websocket {

using http::firstNotIn;
using http::withoutSurroundingSpace;

namespace {

/// Takes a token off the front of \a bytes, and the white space after it; an empty one if there is none.
QByteArrayView takeToken(QByteArrayView &bytes)
{
    const QByteArrayView token = bytes.first(firstNotIn(http::TokenByte, bytes));
    bytes = withoutSurroundingSpace(bytes.sliced(token.size()));
    return token;
}

/// Takes a quoted string off the front of \a bytes, which begins with its quote, and the white space after it. Returns
/// what it stands for, null if it is not closed.
QByteArray takeQuoted(QByteArrayView &bytes)
{
    qsizetype end = 1;
    while (end < bytes.size() && bytes[end] != '"')
        end += bytes[end] == '\\' ? 2 : 1;
    if (end >= bytes.size())
        return {};
    const QByteArray text = http::unescaped(bytes.sliced(1, end - 1));
    bytes = withoutSurroundingSpace(bytes.sliced(end + 1));
    return text;
}

/// Takes ";" and a parameter off the front of \a bytes; nullopt if something else stands there.
std::optional<ExtensionParameter> takeParameter(QByteArrayView &bytes)
{
    if (!bytes.startsWith(';'))
        return std::nullopt;
    bytes = withoutSurroundingSpace(bytes.sliced(1));
    ExtensionParameter parameter;
    parameter.name = takeToken(bytes);
    if (parameter.name.isEmpty())
        return std::nullopt;
    if (!bytes.startsWith('='))
        return parameter;
    bytes = withoutSurroundingSpace(bytes.sliced(1));
    parameter.value = bytes.startsWith('"') ? takeQuoted(bytes) : takeToken(bytes).toByteArray();
    // RFC 6455 §9.1: what is in quotes is a token too.
    return isToken(*parameter.value) ? std::optional(parameter) : std::nullopt;
}

/// RFC 7692 §7.1.2: 8 to 15 without leading zeros; 0 if \a value is something else.
int windowBitsOf(const QByteArray &value)
{
    if (value.size() == 1 && (value[0] == '8' || value[0] == '9'))
        return value[0] - '0';
    if (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5')
        return 10 + value[1] - '0';
    return 0;
}

/// Notes \a found in \a place. False if it was there before: no parameter may come twice (RFC 7692 §7.1).
template <typename Value>
bool note(std::optional<Value> &place, Value found)
{
    const bool isNew = !place;
    place = found;
    return isNew;
}

/// The parameters of one offer, as far as they are there.
struct DeflateOffer
{
    std::optional<bool> serverNoTakeover;
    std::optional<bool> clientNoTakeover;
    std::optional<int> serverWindowBits;
    std::optional<int> clientWindowBits;

    /// False if the offer is to be declined for \a parameter.
    bool add(const ExtensionParameter &parameter)
    {
        if (http::isIgnoringCase(parameter.name, "server_no_context_takeover"))
            return !parameter.value && note(serverNoTakeover, true);
        if (http::isIgnoringCase(parameter.name, "client_no_context_takeover"))
            return !parameter.value && note(clientNoTakeover, true);
        const int bits = parameter.value ? windowBitsOf(*parameter.value) : 0;
        if (http::isIgnoringCase(parameter.name, "server_max_window_bits"))
            return bits >= Deflater::minWindowBits && note(serverWindowBits, bits);
        // Without a value it tells that the client can do with less, were it asked to.
        if (http::isIgnoringCase(parameter.name, "client_max_window_bits"))
            return (bits > 0 || !parameter.value) && note(clientWindowBits, bits > 0 ? bits : 15);
        return false;
    }
};

} // namespace

std::optional<QList<ExtensionOffer>> parseExtensions(QByteArrayView field)
{
    QList<ExtensionOffer> offers;
    http::ListReader members(field);
    while (const std::optional<QByteArrayView> member = members.next()) {
        QByteArrayView rest = *member;
        ExtensionOffer offer;
        offer.name = takeToken(rest);
        if (offer.name.isEmpty())
            return std::nullopt;
        while (!rest.isEmpty()) {
            const std::optional<ExtensionParameter> parameter = takeParameter(rest);
            if (!parameter)
                return std::nullopt;
            offer.parameters.append(*parameter);
        }
        offers.append(offer);
    }
    return offers;
}

std::optional<DeflateAgreement> negotiateDeflate(const QList<ExtensionOffer> &offers, const DeflateOptions &options)
{
    if (!options.enabled)
        return std::nullopt;
    for (const ExtensionOffer &offer : offers) {
        if (!http::isIgnoringCase(offer.name, "permessage-deflate"))
            continue;
        DeflateOffer wanted;
        bool isAcceptable = true;
        for (const ExtensionParameter &parameter : offer.parameters)
            isAcceptable = isAcceptable && wanted.add(parameter);
        if (!isAcceptable)
            continue;
        DeflateAgreement agreement;
        agreement.serverTakesOver = options.contextTakeover && !wanted.serverNoTakeover;
        agreement.clientTakesOver = options.contextTakeover && !wanted.clientNoTakeover;
        agreement.serverWindowBits = wanted.serverWindowBits.value_or(15);
        agreement.clientWindowBits = wanted.clientWindowBits.value_or(15);
        agreement.field = "permessage-deflate";
        // RFC 7692 §7.1.1: a server may say either even if the client did not.
        if (!agreement.serverTakesOver)
            agreement.field += "; server_no_context_takeover";
        if (!agreement.clientTakesOver)
            agreement.field += "; client_no_context_takeover";
        if (wanted.serverWindowBits)
            agreement.field += "; server_max_window_bits=" + QByteArray::number(*wanted.serverWindowBits);
        return agreement;
    }
    return std::nullopt;
}

} // namespace Quern::protocol::websocket
