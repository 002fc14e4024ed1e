#pragma once

#include "admin/protocol/status.h"
#include "app/server/doctor/check.h"

#include <Quern/result.h>

namespace Quern::app::doctor {

/// What was heard of the server of these settings.
struct ServerReport
{
    Result<qint64> pid = 0;                                              ///< of the master; 0 if none runs
    Result<admin::Status> status = Error(Error::Unavailable, QString()); ///< only if one runs

    bool isRunning() const { return pid && *pid > 0; }
};

/// Whether the server, if it runs, is well, and is of the same \a version as this program.
Checks serverChecks(const ServerReport &report, const QString &version);

} // namespace Quern::app::doctor
