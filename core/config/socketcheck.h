#pragma once

#include "config/listenreader.h"
#include "config/problems.h"
#include "config/settings.h"
#include "config/tomldocument.h"

#include <QList>
#include <QMap>
#include <QString>

namespace Quern::config {

/// One [[socket]] and what the file says of it. Lives no longer than the call.
struct WrittenSocket
{
    const SocketSettings &socket;
    const TomlValue &table;
    const QMap<QString, int> &lines; ///< of the keys that the entry sets, those that only [server] may have included
    QString directory;               ///< the file's

    QList<WrittenAddress> addresses() const;
};

/// Tells what is missing in \a written, and what does not go together: keys that its type has no use for, addresses
/// that the type does not take, framings that exclude each other or are longer than package_max_length.
void checkSocket(const WrittenSocket &written, Problems &problems);

} // namespace Quern::config
