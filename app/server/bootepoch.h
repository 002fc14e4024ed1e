#pragma once

#include <QString>
#include <QtGlobal>

namespace Quern::app {

/// A number for this server process that none before it in \a runtimeDirectory has had, for the ids of its connections.
/// It is kept in the file "epoch" there. Without that file, or if it cannot be written, which is logged, the clock
/// stands in: then two starts within a quarter of an hour may get the same number.
quint32 nextBootEpoch(const QString &runtimeDirectory);

} // namespace Quern::app
