#pragma once

#include "admin/protocol/auditmessages.h"

#include <QByteArray>
#include <QList>
#include <QString>

namespace Quern::app {

/// What a program that starts anew hands to the next one, which is the same process: in its environment, as
/// QUERN_RESTART.
/// Shape: {"operation": 5, "lastOperation": 7, "log": "/run/quern/quern.log", "json": false, "begun": [{…}]}
struct RestartHandover
{
    qint64 operation = 0;           ///< that wants the restart; 0: it is none
    qint64 lastOperation = 0;       ///< the greatest number that an operation has
    QString logFile;                ///< that it has logged to; empty: to standard error
    bool isJson = false;            ///< the log
    QList<admin::AuditEntry> begun; ///< of the operation, the audit log is to tell its end

    /// Takes it out of the environment. All is as of no restart unless it is right.
    static RestartHandover take();
    void give() const;

    /// Tells people why the next one cannot start; until it has a log of its own, in the log of the one before as well.
    void complain(const QString &reason) const;
};

} // namespace Quern::app
