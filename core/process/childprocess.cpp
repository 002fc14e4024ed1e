#include "process/childprocess.h"

#include "base/log.h"

#include <QProcessEnvironment>
#include <QSet>
#include <QTimerEvent>

#include <csignal>
#include <fcntl.h>
#include <limits>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace Quern::process {

namespace {

/// A child that cannot be reached any more has this long to end by itself.
constexpr std::chrono::milliseconds endTimeout = std::chrono::seconds(1);
/// Of what it says about its end, in bytes.
constexpr qsizetype longestProblem = 500;

/// Pids of those that were started and have not been told to have ended.
QSet<qint64> &startedPids()
{
    static QSet<qint64> pids;
    return pids;
}

/// Runs in the child between fork and exec: only async-signal-safe calls.
void prepareChild(const std::vector<int> &inherited, pid_t master, bool hasSession)
{
    // Nor what whoever started the master has left open: for a child below another root it would be a way out.
    ::close_range(STDERR_FILENO + 1, std::numeric_limits<unsigned>::max(), CLOSE_RANGE_CLOEXEC);
    for (const int fd : inherited)
        ::fcntl(fd, F_SETFD, 0);
    // A group of its own: Ctrl+C in the terminal reaches the master alone, which stops its children in order. The timer
    // gets a session, too, by which the programs it starts can be told; and so does who becomes another user, who must
    // not reach the terminal of this one. The others stay in the master's: the scheduler shares out processors between
    // sessions, and a worker that competes with its master costs 10 % more a request.
    if (hasSession)
        ::setsid();
    else
        ::setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The master may have died before the call above.
    if (::getppid() != master)
        ::_exit(1);
}

} // namespace

ChildProcess::ChildProcess(const ChildSpec &spec, QObject *parent)
    : QObject(parent)
    , m_spec(spec)
    , m_output(spec.role(), spec.redirect ? [this](const QByteArray &bytes) { Q_EMIT printed(bytes); }
                                          : std::function<void(const QByteArray &)>())
{
    m_process.setProcessChannelMode(QProcess::MergedChannels);
    m_process.setStandardInputFile(QProcess::nullDevice());
    connect(&m_process, &QProcess::readyReadStandardOutput, this, &ChildProcess::readOutput);
    connect(&m_process, &QProcess::finished, this, &ChildProcess::processFinished);
}

ChildProcess::~ChildProcess()
{
    startedPids().remove(m_pid);
    m_process.disconnect(this);
    if (m_process.state() != QProcess::NotRunning) {
        kill(QStringLiteral("nobody looks after it any more"));
        m_process.waitForFinished(1000);
        killPrograms();
    }
}

bool ChildProcess::isOne(qint64 pid)
{
    return startedPids().contains(pid);
}

Result<void> ChildProcess::start()
{
    Result<ipc::ChildPage> page = ipc::ChildPage::create(m_spec.reactorCount);
    if (!page)
        return page.error();
    m_page = std::make_shared<ipc::ChildPage>(std::move(*page));

    // To the main thread, to the broker, and to each reactor.
    std::vector<base::FileDescriptor> childEnds;
    base::FileDescriptor mainEnd;
    for (int i = 0; i < 2 + m_spec.reactorCount; ++i) {
        const Result<std::pair<int, int>> pair = ipc::Channel::createPair();
        if (!pair)
            return pair.error();
        childEnds.emplace_back(pair->second);
        if (i == 0)
            mainEnd = base::FileDescriptor(pair->first);
        else if (i == 1)
            m_brokerChannel = base::FileDescriptor(pair->first);
        else
            m_reactorChannels.emplace_back(pair->first);
    }

    QStringList reactorEnds;
    std::vector<int> inherited = {m_page->descriptor()};
    QStringList arguments;
    if (m_spec.connectionsFd >= 0) {
        inherited.push_back(m_spec.connectionsFd);
        arguments.append(QStringLiteral("--connections-fd=%1").arg(m_spec.connectionsFd));
    }
    if (m_spec.tablesFd >= 0) {
        inherited.push_back(m_spec.tablesFd);
        arguments.append(QStringLiteral("--tables-fd=%1").arg(m_spec.tablesFd));
    }
    for (std::size_t i = 0; i < childEnds.size(); ++i) {
        inherited.push_back(childEnds[i].get());
        if (i > 1)
            reactorEnds.append(QString::number(childEnds[i].get()));
    }
    const pid_t master = ::getpid();
    if (!m_spec.environment.isEmpty()) {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        for (auto it = m_spec.environment.cbegin(); it != m_spec.environment.cend(); ++it)
            environment.insert(it.key(), it.value());
        m_process.setProcessEnvironment(environment);
    }
    const bool hasSession = m_spec.who.role == ipc::ChildRole::Timer || m_spec.confinement.user.has_value();
    m_process.setChildProcessModifier([inherited, master, hasSession] { prepareChild(inherited, master, hasSession); });
    arguments += {QStringLiteral("--role=") + ipc::roleArgument(m_spec.who.role),
                  QStringLiteral("--id=%1").arg(m_spec.who.number),
                  QStringLiteral("--name=") + m_spec.who.name,
                  QStringLiteral("--main-fd=%1").arg(childEnds[0].get()),
                  QStringLiteral("--broker-fd=%1").arg(childEnds[1].get()),
                  QStringLiteral("--reactor-fds=%1").arg(reactorEnds.join(u',')),
                  QStringLiteral("--page-fd=%1").arg(m_page->descriptor()),
                  QStringLiteral("--log-levels=%1").arg(m_spec.logLevels.value_or(base::logLevels()).text())};
    m_process.start(m_spec.program, arguments);
    if (m_process.state() == QProcess::NotRunning) {
        return Error(Error::Io, QStringLiteral("cannot start %1: %2").arg(m_spec.program, m_process.errorString()));
    }
    // Whether exec() succeeds shows a moment later; finished() does not follow if it fails.
    connect(&m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            startFailed();
    });
    m_pid = m_process.processId();
    startedPids().insert(m_pid);
    m_channel = std::make_unique<ipc::Channel>(mainEnd.release(), static_cast<ipc::FrameSink *>(this));
    ipc::BootMessage boot;
    boot.who = m_spec.who;
    boot.generation = m_spec.generation;
    boot.answers = m_spec.answers;
    boot.plugins = m_spec.plugins;
    boot.ports = m_spec.ports;
    boot.tasks = m_spec.tasks;
    boot.plan = m_spec.plan;
    boot.cron = m_spec.cron;
    boot.maxWaitTime = m_spec.maxWaitTime;
    boot.confinement = m_spec.confinement;
    m_channel->send(ipc::FrameType::Boot, 0, boot.encode());
    m_channel->flush();
    m_deadline.start(int(m_spec.bootTimeout.count()), this);
    return {};
}

void ChildProcess::stop(std::chrono::milliseconds grace)
{
    if (m_state == State::Gone)
        return;
    if (std::exchange(m_state, State::Stopping) != State::Stopping) {
        m_channel->send(ipc::FrameType::Stop, 0);
        m_channel->flush();
    }
    m_deadline.start(int(grace.count()), this);
}

void ChildProcess::runHooks(const ipc::RunHooksMessage &hooks)
{
    if (m_state == State::Gone || !m_manifest.hasHook(hooks.kind))
        return;
    ++m_hooksUnderWay;
    m_channel->send(ipc::FrameType::RunHooks, 0, hooks.encode());
    m_channel->flush();
    // It has nothing else to do.
    if (m_state == State::Starting || m_spec.who.role == ipc::ChildRole::Boot)
        startHookDeadline();
}

void ChildProcess::stepBegun(const QString &title)
{
    m_step = title;
    // Each has its own time; those of its end are not asked for.
    if (!title.isEmpty() && (m_hooksUnderWay > 0 || m_state == State::Stopping))
        startHookDeadline();
    else if (m_state != State::Starting)
        m_hookDeadline.stop();
}

void ChildProcess::hooksEnded(QByteArrayView payload)
{
    const Result<ipc::HooksDoneMessage> done = ipc::HooksDoneMessage::decode(payload);
    if (!done || m_hooksUnderWay == 0)
        return;
    if (--m_hooksUnderWay == 0)
        m_hookDeadline.stop();
    Q_EMIT hooksDone(done->kind, done->problem);
}

void ChildProcess::hookOverdue()
{
    m_hookDeadline.stop();
    const QString reason = QStringLiteral("%1 has run for longer than hook_timeout (%2 s)")
                               .arg(m_step.isEmpty() ? QStringLiteral("a hook") : m_step)
                               .arg(std::chrono::duration<double>(m_spec.hookTimeout).count());
    if (m_state == State::Starting)
        Q_EMIT bootFailed(reason);
    kill(reason);
}

void ChildProcess::setReady()
{
    if (m_state != State::Starting)
        return;
    m_state = State::Ready;
    Q_EMIT ready();
}

void ChildProcess::failStart(const QString &reason)
{
    if (m_state != State::Starting)
        return;
    Q_EMIT bootFailed(reason);
    kill(reason);
}

void ChildProcess::begin(const QByteArray &memory)
{
    m_begun = true;
    m_channel->send(ipc::FrameType::Begin, 0, memory);
    m_channel->flush();
}

void ChildProcess::sendCronCommand(const QByteArray &command)
{
    m_channel->send(ipc::FrameType::CronCommand, 0, command);
    m_channel->flush();
}

void ChildProcess::leave(bool isReload)
{
    m_state = State::Stopping;
    m_channel->send(ipc::FrameType::Leaving, 0, QByteArray(1, isReload ? '\1' : '\0'));
    m_channel->flush();
}

void ChildProcess::sendLogLevels()
{
    if (m_state == State::Gone || !m_channel)
        return;
    m_channel->send(ipc::FrameType::LogLevels, 0, base::logLevels().text().toUtf8());
    m_channel->flush();
}

void ChildProcess::sendPoolSizes(const ipc::PoolSizes &sizes)
{
    if (m_state == State::Gone || !m_channel)
        return;
    m_channel->send(ipc::FrameType::PoolSizes, 0, sizes.encode());
    m_channel->flush();
}

void ChildProcess::kill(const QString &reason)
{
    if (m_state == State::Gone || !m_killReason.isEmpty())
        return;
    m_killReason = reason;
    m_process.kill();
    // It leads a group of its own, unless it has just been forked.
    if (m_pid > 0)
        ::kill(-pid_t(m_pid), SIGKILL);
}

void ChildProcess::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_hookDeadline.timerId())
        hookOverdue();
    if (event->timerId() != m_deadline.timerId())
        return;
    m_deadline.stop();
    if (m_state == State::Starting) {
        const double seconds = std::chrono::duration<double>(m_spec.bootTimeout).count();
        const QString reason =
            m_step.isEmpty()
                ? QStringLiteral("not ready after %1 s; raise worker_start_timeout if it needs longer").arg(seconds)
                : QStringLiteral("%1: not installed after %2 s: it hangs, or needs longer; find out what its install() "
                                 "waits for, or raise worker_start_timeout")
                      .arg(m_step)
                      .arg(seconds);
        Q_EMIT bootFailed(reason);
        kill(reason);
    } else if (m_state != State::Stopping) {
        kill(QStringLiteral("it has closed its channel to the master"));
    } else {
        const QString handler = presentWork();
        kill(handler.isEmpty() ? QStringLiteral("it did not stop in time")
                               : QStringLiteral("it did not stop in time: busy with %1").arg(handler));
    }
}

void ChildProcess::frameReceived(const ipc::Frame &frame)
{
    if (frame.type == ipc::FrameType::BootStep) {
        stepBegun(QString::fromUtf8(frame.payload));
    } else if (frame.type == ipc::FrameType::BootFailed) {
        m_state = State::Stopping;
        m_deadline.start(1000, this);
        Q_EMIT bootFailed(QString::fromUtf8(frame.payload));
    } else if (frame.type == ipc::FrameType::HooksDone) {
        hooksEnded(frame.payload);
    } else if (frame.type == ipc::FrameType::CronState) {
        Q_EMIT cronStateReceived(frame.payload.toByteArray());
    } else if (frame.type == ipc::FrameType::CronPrograms) {
        programsChanged(frame.payload);
    } else if (frame.type == ipc::FrameType::Ending) {
        m_problem = QString::fromUtf8(frame.payload.first(qMin(frame.payload.size(), longestProblem))).simplified();
    } else if (frame.type == ipc::FrameType::Hello && m_state == State::Starting) {
        Result<ipc::HelloMessage> hello = ipc::HelloMessage::decode(frame.payload);
        if (!hello) {
            Q_EMIT bootFailed(hello.error().message());
            kill(hello.error().message());
            return;
        }
        m_manifest = std::move(*hello);
        m_deadline.stop();
        Q_EMIT loaded();
    }
}

void ChildProcess::expectEnd()
{
    if (m_state == State::Ready || m_state == State::Draining)
        m_deadline.start(int(endTimeout.count()), this);
}

void ChildProcess::channelClosed(const QString &)
{
    // As a rule the process is ending; finished() follows and says how.
    expectEnd();
}

void ChildProcess::readOutput()
{
    m_output.add(m_process.readAllStandardOutput(), m_pid);
}

void ChildProcess::processFinished(int code, QProcess::ExitStatus status)
{
    startedPids().remove(m_pid);
    readOutput();
    m_output.finish(m_pid);
    // The last it said of itself may not have been read yet.
    m_channel->readRest();
    m_deadline.stop();
    m_hookDeadline.stop();
    killPrograms();
    const ChildExit exit = describeExit(code, status);
    m_state = State::Gone;
    m_spec.copies.reset();
    Q_EMIT exited(exit);
}

void ChildProcess::programsChanged(QByteArrayView payload)
{
    const Result<ipc::CronProgramsMessage> programs = ipc::CronProgramsMessage::decode(payload);
    if (!programs || m_spec.who.role != ipc::ChildRole::Timer)
        return;
    const QList<qint64> before = std::exchange(m_programs, {});
    for (const qint64 group : programs->groups) {
        // It may be less privileged than the master, and must not have it kill what is not its own.
        const pid_t session = ::getsid(pid_t(group));
        if (session == pid_t(m_pid) || (session < 0 && before.contains(group)))
            m_programs.append(group);
    }
}

void ChildProcess::killPrograms()
{
    for (const qint64 group : std::as_const(m_programs)) {
        // Its first process may have ended before the others; but if there is one of that number, it is of the session,
        // or the number has gone to a stranger since.
        const pid_t session = ::getsid(pid_t(group));
        if (session < 0 || session == pid_t(m_pid))
            ::kill(-pid_t(group), SIGKILL);
    }
    if (m_spec.who.role == ipc::ChildRole::Process && m_pid > 0)
        ::kill(-pid_t(m_pid), SIGKILL);
}

void ChildProcess::startFailed()
{
    startedPids().remove(m_pid);
    m_deadline.stop();
    m_state = State::Gone;
    ChildExit exit;
    exit.hasStarted = false;
    exit.text = QStringLiteral("cannot start %1: %2").arg(m_spec.program, m_process.errorString());
    Q_EMIT exited(exit);
}

} // namespace Quern::process
