#pragma once

#include <Quern/result.h>

#include <QString>
#include <QtGlobal>

namespace Quern::app {

/// A number for this server process that none before it in \a runtimeDirectory has had, for the ids of its connections.
/// It is kept in the file "epoch" there, and runs ahead of the clock, or with it where that file has been lost: two
/// starts within a quarter of an hour may get the same number then. An error names the file if it cannot be written.
Result<quint32> nextBootEpoch(const QString &runtimeDirectory);

} // namespace Quern::app
