#pragma once

#include "protocol/http/bytes.h"

#include <QByteArrayView>

#include <optional>
#include <string_view>

namespace Quern::dispatch {

/// Whether \a acceptEncoding, the value of Accept-Encoding, lets \a coding (in lower case) be used: it is named, or "*"
/// is, with a weight other than 0 (RFC 9110 §12.5.3).
inline bool isCodingAccepted(QByteArrayView acceptEncoding, std::string_view coding)
{
    using namespace protocol::http;
    std::optional<bool> named;
    std::optional<bool> any;
    while (!acceptEncoding.isEmpty()) {
        const qsizetype comma = acceptEncoding.indexOf(',');
        const QByteArrayView element = comma < 0 ? acceptEncoding : acceptEncoding.first(comma);
        acceptEncoding = comma < 0 ? QByteArrayView() : acceptEncoding.sliced(comma + 1);
        const qsizetype semicolon = element.indexOf(';');
        const QByteArrayView name = withoutSurroundingSpace(semicolon < 0 ? element : element.first(semicolon));
        bool isWanted = true;
        if (semicolon >= 0) {
            const QByteArrayView weight = withoutSurroundingSpace(element.sliced(semicolon + 1));
            // Zero in all its spellings: "q=0", "q=0.", "q=0.000". A weight that is none counts as a no.
            if (weight.size() < 3 || !isIgnoringCase(weight.first(2), "q="))
                isWanted = false;
            else if (weight[2] != '1')
                isWanted = weight.sliced(2).toByteArray().toDouble() > 0;
        }
        if (isIgnoringCase(name, coding))
            named = isWanted;
        else if (name == "*")
            any = isWanted;
    }
    return named.value_or(any.value_or(false));
}

} // namespace Quern::dispatch
