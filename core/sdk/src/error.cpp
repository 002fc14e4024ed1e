#include <Quern/error.h>

#include <QDebug>

namespace Quern {

namespace {

const char *nameOf(Error::Code code)
{
    switch (code) {
    case Error::Invalid:
        return "Invalid";
    case Error::Protocol:
        return "Protocol";
    case Error::TooLarge:
        return "TooLarge";
    case Error::NotFound:
        return "NotFound";
    case Error::Exists:
        return "Exists";
    case Error::Busy:
        return "Busy";
    case Error::Unavailable:
        return "Unavailable";
    case Error::Timeout:
        return "Timeout";
    case Error::Permission:
        return "Permission";
    case Error::Io:
        return "Io";
    case Error::Internal:
        return "Internal";
    }
    return "unknown";
}

} // namespace

QDebug operator<<(QDebug debug, const Error &error)
{
    const QDebugStateSaver saver(debug);
    debug.nospace().quote() << "Quern::Error(" << nameOf(error.code()) << ", " << error.message() << ')';
    return debug;
}

} // namespace Quern
