#pragma once

#include "httpsyntax_p.h"

#include <QByteArray>
#include <QString>

#include <exception>

namespace Quern {

/// What the exception that is being handled says, cut where it becomes too long for a log or an error page.
inline QString textOfCurrentException()
{
    constexpr qsizetype longest = 4096; // bytes
    try {
        throw;
    } catch (const std::exception &exception) {
        QByteArray text(exception.what());
        const bool isLong = text.size() > longest;
        truncateUtf8(text, longest);
        return QString::fromUtf8(text) + (isLong ? QStringLiteral(" …") : QString());
    } catch (...) {
        return QStringLiteral("an exception that is no std::exception");
    }
}

} // namespace Quern
