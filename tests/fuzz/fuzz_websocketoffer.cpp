#include "fuzzsupport.h"

#include "protocol/websocket/deflate.h"
#include "protocol/websocket/extension.h"

using namespace Quern::protocol::websocket;
using Quern::fuzz::fail;

namespace {

QByteArray textOf(const QList<ExtensionOffer> &offers)
{
    QByteArrayList texts;
    for (const ExtensionOffer &offer : offers) {
        QByteArray text = offer.name.toByteArray();
        for (const ExtensionParameter &parameter : offer.parameters) {
            text += "; " + parameter.name.toByteArray();
            if (parameter.value)
                text += '=' + *parameter.value;
        }
        texts.append(text);
    }
    return texts.join(", ");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArrayView field(data, static_cast<qsizetype>(size));
    const auto offers = parseExtensions(field);
    if (!offers)
        return 0;
    const QByteArray text = textOf(*offers);
    const auto again = parseExtensions(text);
    if (!again || textOf(*again) != text)
        fail("what was read cannot be written and read again", text, field);

    for (const bool contextTakeover : {false, true}) {
        const DeflateOptions options{.enabled = true, .contextTakeover = contextTakeover};
        const auto agreement = negotiateDeflate(*offers, options);
        if (!agreement)
            continue;
        if (agreement->serverWindowBits < Deflater::minWindowBits || agreement->serverWindowBits > 15 ||
            agreement->clientWindowBits < 8 || agreement->clientWindowBits > 15)
            fail("a window out of its range", agreement->field, field);
        if (!contextTakeover && (agreement->serverTakesOver || agreement->clientTakesOver))
            fail("a context that nobody wanted", agreement->field, field);
        // The answer has the form of an offer, and asks for just what was agreed on.
        const auto answer = parseExtensions(agreement->field);
        const auto repeated = answer ? negotiateDeflate(*answer, options) : std::nullopt;
        if (!repeated || repeated->field != agreement->field ||
            repeated->serverWindowBits != agreement->serverWindowBits ||
            repeated->serverTakesOver != agreement->serverTakesOver ||
            repeated->clientTakesOver != agreement->clientTakesOver)
            fail("an answer that means something else", agreement->field, field);
        if (negotiateDeflate(*offers, {.enabled = false, .contextTakeover = contextTakeover}))
            fail("an agreement that was not wanted", field);
    }
    return 0;
}
