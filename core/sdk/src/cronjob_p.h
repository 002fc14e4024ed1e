#pragma once

#include <Quern/cronjob.h>

#include <QByteArray>
#include <QString>

#include <chrono>
#include <functional>
#include <optional>

namespace Quern {

/// One cron job as a plugin has registered it. Null: it does not say.
struct CronSpec
{
    QByteArray name; ///< letters, digits, '_' and '-'
    QString plugin;  ///< name of the plugin that registered it
    CronHandler handler;
    std::chrono::milliseconds interval{0}; ///< zero: none
    QByteArray expression = {};            ///< empty: none
    QByteArray timeZone = {};              ///< empty: that of the system
    bool isImmediate = false;
    int mostAtATime = 1; ///< 1: no run overlaps another
    MissedRuns missed = MissedRuns::Skip;
    std::chrono::milliseconds timeout{0}; ///< zero: none

    bool hasSchedule() const { return interval.count() > 0 || !expression.isEmpty(); }
};

/// The data behind a CronRun, on the stack of who makes the run.
class CronRunPrivate
{
public:
    QString name;
    QVariantMap parameters;
    QDateTime scheduledAt; ///< UTC
    quint64 number = 0;
    std::function<bool()> isStopRequested; ///< any thread
    bool stops = false;                    ///< CronRun::stop() was called
};

} // namespace Quern
