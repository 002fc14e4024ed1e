#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QString>

namespace Quern::config {

/// The bytes of the file \a path, which messages name as it is given; of a pipe what is written until its end, within
/// two seconds. Error::NotFound, Error::Permission, Error::Invalid for a directory, Error::TooLarge for more than
/// \a longest bytes, Error::Timeout, or Error::Io.
Result<QByteArray> readFile(const QString &path, qint64 longest);

} // namespace Quern::config
