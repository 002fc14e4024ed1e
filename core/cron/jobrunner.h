#pragma once

#include "cron/jobplan.h"
#include "cron/runreports.h"

#include <QList>
#include <QStringList>
#include <QVariantMap>

#include <chrono>
#include <functional>
#include <memory>
#include <variant>

namespace Quern::cron {

/// One run as the function of its job sees it. Valid during the call.
struct JobRun
{
    const QString &name;
    const QVariantMap &parameters;
    PlannedRun plan;
    std::function<bool()> isStopRequested; ///< any thread
    bool stops = false;                    ///< set by the function: the job is not run by plan any more
};

/// What a job runs, in a thread of the job's own. An Error is a failed run, as is an exception.
using JobFunction = std::function<Result<void>(JobRun &run)>;

/// A program that a job runs; its end with another code than 0 is a failed run.
struct JobCommand
{
    QStringList words; ///< the program, looked for in PATH unless it has a '/', and its arguments; never empty
    QString directory; ///< that it runs in; empty: that of this process
};

/// One job of a timer process. A plain value.
struct Job
{
    QString name; ///< unique
    JobSettings settings;
    std::chrono::milliseconds timeout{0}; ///< of one run; zero: none
    QVariantMap parameters = {};
    std::variant<JobFunction, JobCommand> work;
};

/// Runs one job. Lives in the main thread of its process, together with the TimerHost.
class JobRunner
{
public:
    JobRunner() = default;
    Q_DISABLE_COPY_MOVE(JobRunner)
    virtual ~JobRunner() = default;

    /// Returns at once. What has come of it is added to the reports, once for each run.
    virtual void begin(const PlannedRun &run) = 0;
    /// The runs that are under way should come to their end.
    virtual void requestStop() = 0;
    /// Ends those that can be ended by force, which have failed with \a reason then; the others are left to their fate,
    /// which is the end of the process.
    virtual void kill(const QString &reason) = 0;
    /// The process groups of programs that run.
    virtual QList<qint64> programs() const { return {}; }
};

/// The runner for what \a job runs. \a index is the job's place in the reports.
std::unique_ptr<JobRunner> makeRunner(const Job &job, std::size_t index, std::shared_ptr<RunReports> reports);

} // namespace Quern::cron
