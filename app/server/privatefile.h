#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QString>

namespace Quern::app {

/// Who needs a file: the programs that run now, or whoever comes after a crash of the machine as well.
enum class Lasting { No, Yes };

/// Replaces the file \a path by one with \a bytes, whole or not at all, that its user alone can read. One that is to be
/// \a lasting is on the disk when this returns, which may take a while. Error::Io and the like with path and reason.
/// Any thread.
Result<void> writePrivateFile(const QString &path, const QByteArray &bytes, Lasting lasting);

} // namespace Quern::app
