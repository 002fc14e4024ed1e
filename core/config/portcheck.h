#pragma once

#include "config/listenreader.h"
#include "config/problems.h"
#include "config/settings.h"

#include <QList>
#include <QMap>
#include <QString>

namespace Quern::config {

/// One port as the file has it: [server], or a [[socket]]. Lives no longer than the call.
struct WrittenPort
{
    QString table; ///< "server", "socket"
    const ServerSettings &settings;
    const QMap<QString, int> &lines; ///< of the keys that the table itself sets
    const QList<WrittenAddress> &addresses;
};

/// Tells which values of \a port contradict each other. A contradiction that no key of the table has a part in is left
/// to the table that it comes from.
void checkPort(const WrittenPort &port, Problems &problems);

} // namespace Quern::config
