#pragma once

#include <Quern/error.h>

#include <QString>

namespace Quern::base {

/// The error that the system call \a what just left in errno, as "what: No such file or directory".
Error systemError(const QString &what);
/// The same for a given errno value.
Error systemError(const QString &what, int errorNumber);
/// What an errno value means: "No such file or directory".
QString systemErrorText(int errorNumber);

} // namespace Quern::base
