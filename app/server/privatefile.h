#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QString>

namespace Quern::app {

/// Replaces the file \a path by one with \a bytes, whole or not at all, that its user alone can read. It does not wait
/// for the disk: after a crash of the machine nobody needs such files. Error::Io and the like with path and reason.
Result<void> writePrivateFile(const QString &path, const QByteArray &bytes);

} // namespace Quern::app
