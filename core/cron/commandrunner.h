#pragma once

#include "cron/jobrunner.h"

#include <QObject>
#include <QProcess>

#include <list>

namespace Quern::cron {

/// Runs the program of a job, each time in a process group of its own, without a shell. What it prints goes to the log
/// by line, below the name of the job. After its timeout the group gets SIGTERM, and two seconds later SIGKILL.
class CommandRunner final : public QObject, public JobRunner
{
    Q_OBJECT

public:
    CommandRunner(const Job &job, std::size_t index, std::shared_ptr<RunReports> reports);
    ~CommandRunner() override;

    void begin(const PlannedRun &run) override;
    /// A program cannot be asked: it may go on until kill().
    void requestStop() override {}
    void kill(const QString &reason) override;
    QList<qint64> programs() const override;

private:
    struct Run;

    void readOutput(Run &run);
    void timedOut(Run &run);
    void finished(Run &run, const QString &failure);
    static void signalGroup(const Run &run, int number);

    const QString m_name;
    const JobCommand m_command;
    const std::chrono::milliseconds m_timeout;
    const std::size_t m_index;
    const std::shared_ptr<RunReports> m_reports;
    std::list<Run> m_runs; ///< under way
};

} // namespace Quern::cron
