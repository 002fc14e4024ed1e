#pragma once

#include <QString>

#include <exception>
#include <string_view>

namespace Quern {

/// What the exception that is being handled says, cut where it becomes too long for a log or an error page.
inline QString textOfCurrentException()
{
    constexpr std::size_t longest = 4096; // bytes
    try {
        throw;
    } catch (const std::exception &exception) {
        const std::string_view text = exception.what();
        const QString shown = QString::fromUtf8(QByteArrayView(text.substr(0, longest)));
        return text.size() > longest ? shown + QStringLiteral(" …") : shown;
    } catch (...) {
        return QStringLiteral("an exception that is no std::exception");
    }
}

} // namespace Quern
