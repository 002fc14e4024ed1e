#pragma once

#include <QString>

#include <exception>

namespace Quern::worker {

/// What the exception that is being handled says.
inline QString textOfCurrentException()
{
    try {
        throw;
    } catch (const std::exception &exception) {
        return QString::fromUtf8(exception.what());
    } catch (...) {
        return QStringLiteral("an exception that is no std::exception");
    }
}

} // namespace Quern::worker
