#pragma once

#include "httpsyntax_p.h"

#include <Quern/global.h>

#include <QByteArrayView>
#include <QString>

namespace Quern {

/// Of a query string, a form or a Cookie field this many pairs are read at most; the rest is ignored.
inline constexpr int MaxPairs = 1000;

/// \a text with each percent-escape replaced by its byte, and then read as UTF-8. A malformed escape stays as it is.
/// Never null.
QUERN_EXPORT QString percentDecoded(QByteArrayView text, Plus plus);

/// Whether \a encoded, a name of a query string, stands for \a name.
QUERN_EXPORT bool isEncodingOf(QByteArrayView name, QByteArrayView encoded);

/// Calls \a visit(name, value), both as sent, for each pair of \a text, "a=1&b=2" for instance, until it returns true
/// (application/x-www-form-urlencoded of the URL standard). A pair without '=' has an empty value.
template <typename Visitor>
bool visitPairs(QByteArrayView text, Visitor visit)
{
    for (int count = 0; !text.isEmpty() && count < MaxPairs;) {
        const qsizetype end = text.indexOf('&');
        const QByteArrayView pair = end < 0 ? text : text.first(end);
        text = end < 0 ? QByteArrayView() : text.sliced(end + 1);
        if (pair.isEmpty())
            continue;
        ++count;
        const qsizetype equals = pair.indexOf('=');
        if (visit(equals < 0 ? pair : pair.first(equals), equals < 0 ? QByteArrayView() : pair.sliced(equals + 1)))
            return true;
    }
    return false;
}

} // namespace Quern
