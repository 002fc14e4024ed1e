#pragma once

#include "admin-gui/connection/serveraddress.h"

#include <QJsonObject>
#include <QString>

namespace Quern::console {

/// What does the same as a request of the console, for a shell: "quern reload -c /srv/quern.toml" for a server of this
/// machine, a call of curl for another. \a configFile is the server's, absolute; empty if it has none.
QString commandText(const ServerAddress &address, const QString &configFile, QStringView method,
                    const QJsonObject &params);

} // namespace Quern::console
