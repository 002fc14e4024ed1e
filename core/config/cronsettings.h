#pragma once

#include <QString>
#include <QStringList>
#include <QVariantMap>

#include <chrono>

namespace Quern::config {

/// What becomes of runs of a cron job that fall due while it cannot run.
enum class MissedRuns {
    Skip,    ///< nothing
    Once,    ///< one run for all of them
    CatchUp, ///< each of them
};

/// One [[cron]] entry: exactly one of job and command is set, and at most one of interval and expression. For a job,
/// what is not written is as its plugin says.
struct CronSettings
{
    QString name;                          ///< unique; by default the job's, or the program's
    QString job;                           ///< as a plugin registers it
    QStringList command;                   ///< a program and its arguments
    std::chrono::milliseconds interval{0}; ///< zero: none is given
    QString expression;                    ///< empty: none is given
    QString timeZone;                      ///< of the expression, an IANA name; empty: that of the system
    bool immediate = false;                ///< it runs when the server starts and reloads, too
    QVariantMap parameters;                ///< for the job; dates and times are ISO 8601 strings
    bool overlap = false;                  ///< a run may begin while another goes on
    int overlapMax = 8;                    ///< with overlap: runs at a time
    MissedRuns missed = MissedRuns::Skip;
    std::chrono::milliseconds timeout{0}; ///< of one run; zero: none
    bool enabled = true;

    bool operator==(const CronSettings &) const = default;
};

/// How many [[cron]] entries there may be.
inline constexpr qsizetype mostCronJobs = 250;

} // namespace Quern::config
