#include <Quern/result.h>

#include <QtGlobal>

namespace Quern {

void endForLackOfValue(const Error &error)
{
    qFatal("the value of a Result was asked for, which is an error: %s; look at ok() first, or use valueOr()",
           qUtf8Printable(error.message()));
}

void endForLackOfError()
{
    qFatal("the error of a Result was asked for, which has none: it succeeded; look at ok() first");
}

} // namespace Quern
