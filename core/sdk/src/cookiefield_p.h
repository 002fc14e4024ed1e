#pragma once

#include "urlencoded_p.h"

#include <QByteArrayView>

namespace Quern {

/// Calls \a visit(name, value) for each cookie of a Cookie field, in its order, until it returns true (RFC 6265 §4.2
/// and §5.4, read with patience). Both are as sent, without surrounding space and the value without its quotation
/// marks; what has no name or no '=' is skipped.
template <typename Visitor>
bool visitCookies(QByteArrayView field, Visitor visit)
{
    for (int count = 0; !field.isEmpty() && count < MaxPairs;) {
        const qsizetype end = field.indexOf(';');
        const QByteArrayView pair = end < 0 ? field : field.first(end);
        field = end < 0 ? QByteArrayView() : field.sliced(end + 1);
        const qsizetype equals = pair.indexOf('=');
        const QByteArrayView name = equals < 0 ? QByteArrayView() : pair.first(equals).trimmed();
        if (name.isEmpty())
            continue;
        ++count;
        QByteArrayView value = pair.sliced(equals + 1).trimmed();
        if (value.size() >= 2 && value.startsWith('"') && value.endsWith('"'))
            value = value.sliced(1, value.size() - 2);
        if (visit(name, value))
            return true;
    }
    return false;
}

} // namespace Quern
