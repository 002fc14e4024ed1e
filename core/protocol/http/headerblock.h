#pragma once

#include "protocol/http/bytes.h"

#include <QByteArrayView>

namespace Quern::protocol::http {

/// Calls \a visit(name, value, line) for each field of \a block, "Name: value\r\n" …, which is valid; \a line includes
/// its CRLF. Ends early when \a visit returns true, and then returns true.
template <typename Visitor>
bool visitFields(QByteArrayView block, Visitor visit)
{
    while (!block.isEmpty()) {
        const qsizetype lineFeed = block.indexOf('\n');
        const QByteArrayView line = lineFeed < 0 ? block : block.first(lineFeed + 1);
        block = block.sliced(line.size());
        const qsizetype colon = line.indexOf(':');
        if (colon < 0)
            continue;
        QByteArrayView value = line.sliced(colon + 1);
        while (value.endsWith('\n') || value.endsWith('\r'))
            value.chop(1);
        if (visit(line.first(colon), withoutSurroundingSpace(value), line))
            return true;
    }
    return false;
}

/// The value of the first field named \a lowerName in \a block; null if there is none.
inline QByteArrayView fieldValue(QByteArrayView block, std::string_view lowerName)
{
    QByteArrayView found;
    visitFields(block, [&](QByteArrayView name, QByteArrayView value, QByteArrayView) {
        if (!isIgnoringCase(name, lowerName))
            return false;
        found = value.isNull() ? QByteArrayView("") : value;
        return true;
    });
    return found;
}

} // namespace Quern::protocol::http
