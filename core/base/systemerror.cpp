#include "base/systemerror.h"

#include <cerrno>
#include <system_error>

namespace Quern::base {

Error systemError(const QString &what)
{
    return systemError(what, errno);
}

Error systemError(const QString &what, int errorNumber)
{
    Error::Code code = Error::Io;
    switch (errorNumber) {
    case EACCES:
    case EPERM:
        code = Error::Permission;
        break;
    case ENOENT:
        code = Error::NotFound;
        break;
    case EADDRINUSE:
    case EEXIST:
        code = Error::Exists;
        break;
    default:
        break;
    }
    return Error(code, what + QStringLiteral(": ") + systemErrorText(errorNumber));
}

QString systemErrorText(int errorNumber)
{
    return QString::fromStdString(std::error_code(errorNumber, std::generic_category()).message());
}

} // namespace Quern::base
