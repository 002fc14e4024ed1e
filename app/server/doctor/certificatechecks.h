#pragma once

#include "app/server/doctor/check.h"

#include <Quern/result.h>

#include <QStringList>

namespace Quern::app::doctor {

/// What somebody who tries the certificates of a port finds.
struct CertificateReport
{
    QString title;             ///< "server.listen", "socket \"telnet\""
    Result<void> usable = {};  ///< else what is wrong, and the mend
    QStringList warnings = {}; ///< each with its mend
};

/// Whether the certificates of each port can be used, and go on to be for a while.
Checks certificateChecks(const QList<CertificateReport> &reports);

} // namespace Quern::app::doctor
