#include "cron/commandrunner.h"

#include "cron/log.h"
#include "cron/runoutput.h"
#include "cron/text.h"

#include <QTimer>

#include <csignal>
#include <cstring>
#include <sys/prctl.h>
#include <unistd.h>

namespace Quern::cron {

namespace {

/// Between SIGTERM and SIGKILL.
constexpr std::chrono::milliseconds patience = std::chrono::seconds(2);

/// Runs in the child between fork and exec: only async-signal-safe calls.
void prepareChild(pid_t parent)
{
    ::setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have died before the call above.
    if (::getppid() != parent)
        ::_exit(1);
}

QString failureOf(const QProcess &process)
{
    if (process.exitStatus() == QProcess::CrashExit) {
        const int number = process.exitCode();
        return Text::tr("it was ended by signal %1 (%2)").arg(number).arg(QString::fromLocal8Bit(::strsignal(number)));
    }
    return process.exitCode() == 0 ? QString() : Text::tr("it ended with exit code %1").arg(process.exitCode());
}

} // namespace

struct CommandRunner::Run
{
    explicit Run(const QString &job) : output(job) {}

    quint64 number = 0;
    Moment began;
    QProcess process;
    QTimer timer;
    RunOutput output;
    qint64 group = 0; ///< its number; 0 before it has begun
    bool isTimedOut = false;
    QString killReason = {};
};

CommandRunner::CommandRunner(const Job &job, std::size_t index, std::shared_ptr<RunReports> reports)
    : m_name(job.name)
    , m_command(std::get<JobCommand>(job.work))
    , m_timeout(job.timeout)
    , m_index(index)
    , m_reports(std::move(reports))
{
}

CommandRunner::~CommandRunner()
{
    for (Run &run : m_runs) {
        run.process.disconnect(this);
        signalGroup(run, SIGKILL);
        run.process.waitForFinished(1000);
    }
}

void CommandRunner::begin(const PlannedRun &plan)
{
    Run &run = m_runs.emplace_back(m_name);
    run.number = plan.number;
    run.began = Moment::now();
    run.process.setProcessChannelMode(QProcess::MergedChannels);
    run.process.setStandardInputFile(QProcess::nullDevice());
    if (!m_command.directory.isEmpty())
        run.process.setWorkingDirectory(m_command.directory);
    run.process.setChildProcessModifier([parent = ::getpid()] { prepareChild(parent); });
    connect(&run.process, &QProcess::readyReadStandardOutput, this, [this, &run] { readOutput(run); });
    // By way of the loop: both take the process away, which is still at work.
    connect(
        &run.process, &QProcess::finished, this, [this, &run] { finished(run, failureOf(run.process)); },
        Qt::QueuedConnection);
    connect(
        &run.process, &QProcess::errorOccurred, this,
        [this, &run](QProcess::ProcessError error) {
            if (error == QProcess::FailedToStart)
                finished(
                    run,
                    Text::tr("%1 cannot be started: %2").arg(m_command.words.constFirst(), run.process.errorString()));
        },
        Qt::QueuedConnection);
    run.timer.setSingleShot(true);
    connect(&run.timer, &QTimer::timeout, this, [this, &run] { timedOut(run); });
    run.process.start(m_command.words.constFirst(), m_command.words.sliced(1), QIODevice::ReadOnly);
    run.group = run.process.processId();
    if (m_timeout > std::chrono::milliseconds::zero())
        run.timer.start(m_timeout);
}

void CommandRunner::kill(const QString &reason)
{
    for (Run &run : m_runs) {
        if (run.process.state() != QProcess::NotRunning)
            run.killReason = reason;
        signalGroup(run, SIGKILL);
    }
}

QList<qint64> CommandRunner::programs() const
{
    QList<qint64> groups;
    for (const Run &run : m_runs) {
        if (run.group > 0)
            groups.append(run.group);
    }
    return groups;
}

void CommandRunner::readOutput(Run &run)
{
    run.output.add(run.process.readAllStandardOutput());
}

void CommandRunner::timedOut(Run &run)
{
    // It has ended in time, and that is about to be told.
    if (run.process.state() == QProcess::NotRunning)
        return;
    if (run.isTimedOut) {
        signalGroup(run, SIGKILL);
        return;
    }
    run.isTimedOut = true;
    qCWarning(logCron).noquote()
        << Text::tr("cron job %1: its timeout of %2 ms is over; it is ended").arg(m_name).arg(m_timeout.count());
    signalGroup(run, SIGTERM);
    run.timer.start(patience);
}

void CommandRunner::finished(Run &run, const QString &failure)
{
    readOutput(run);
    run.output.finish();
    if (run.isTimedOut)
        signalGroup(run, SIGKILL); // what it has left behind
    RunReport report{.job = m_index, .number = run.number, .began = run.began, .ended = Moment::now()};
    report.failure = run.isTimedOut ? Text::tr("it took longer than its timeout of %1 ms").arg(m_timeout.count())
                     : run.killReason.isEmpty() ? failure
                                                : run.killReason;
    m_runs.remove_if([&run](const Run &other) { return &other == &run; });
    m_reports->add(std::move(report));
}

void CommandRunner::signalGroup(const Run &run, int number)
{
    // A child that has only just begun is not yet in its group.
    if (run.group > 0 && ::kill(-pid_t(run.group), number) != 0 && run.process.state() != QProcess::NotRunning)
        ::kill(pid_t(run.group), number);
}

} // namespace Quern::cron
