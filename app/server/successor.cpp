#include "app/server/successor.h"

#include "app/server/log.h"
#include "base/systemerror.h"

#include <QFile>
#include <QThread>
#include <QTimerEvent>

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <linux/close_range.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace Quern::app {

namespace {

/// A process that has been killed, or has closed its channel, is gone a moment later.
constexpr int reapTries = 200;
constexpr unsigned long reapMilliseconds = 5;

std::vector<char *> pointersTo(QByteArrayList &texts)
{
    std::vector<char *> pointers;
    for (QByteArray &text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

QByteArrayList environmentWith(QByteArrayList entries)
{
    for (char **each = environ; *each; ++each)
        entries.append(*each);
    return entries;
}

} // namespace

Successor::~Successor()
{
    if (!m_hasTakenOver)
        end();
}

void Successor::end()
{
    if (m_pid == 0)
        return;
    ::kill(pid_t(m_pid), SIGKILL);
    reap();
    m_pid = 0;
}

std::optional<int> Successor::reap() const
{
    int status = 0;
    for (int i = 0; i < reapTries; ++i) {
        const pid_t ended = ::waitpid(pid_t(m_pid), &status, WNOHANG);
        if (ended != 0)
            return ended > 0 ? std::optional(status) : std::nullopt;
        QThread::msleep(reapMilliseconds);
    }
    return std::nullopt;
}

Result<void> Successor::start(const Program &next, RestartHandover handover, std::chrono::milliseconds patience)
{
    const Result<std::pair<int, int>> channel = ipc::Channel::createPair();
    if (!channel)
        return channel.error();
    base::FileDescriptor ownEnd(channel->first);
    const base::FileDescriptor itsEnd(channel->second);
    const Result<std::pair<int, int>> tasks = ipc::Channel::createPair();
    if (!tasks)
        return tasks.error();
    m_tasks = base::FileDescriptor(tasks->first);
    const base::FileDescriptor itsTasks(tasks->second);
    handover.channel = itsEnd.get();
    handover.tasks = itsTasks.get();

    // Between fork and exec only what is async-signal-safe.
    QByteArrayList words = next.arguments;
    QByteArrayList variables = environmentWith(next.environment + QByteArrayList{handover.environment()});
    const std::vector<char *> argv = pointersTo(words);
    const std::vector<char *> envp = pointersTo(variables);
    const QList<int> inherited = handover.descriptors();
    const pid_t pid = ::fork();
    if (pid < 0)
        return base::systemError(QStringLiteral("fork"));
    if (pid == 0) {
        ::close_range(STDERR_FILENO + 1, std::numeric_limits<unsigned>::max(), CLOSE_RANGE_CLOEXEC);
        for (const int fd : inherited)
            ::fcntl(fd, F_SETFD, 0);
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::execve(next.file.constData(), argv.data(), envp.data());
        ::_exit(127);
    }
    m_pid = pid;
    m_channel = std::make_unique<ipc::Channel>(ownEnd.release(), static_cast<ipc::FrameSink *>(this));
    m_deadline.start(int(patience.count()), this);
    return {};
}

void Successor::takeOver(std::chrono::milliseconds patience)
{
    m_channel->send(ipc::FrameType::TakeOver, 0);
    m_channel->flush();
    m_deadline.start(int(patience.count()), this);
}

void Successor::frameReceived(const ipc::Frame &frame)
{
    if (m_hasTakenOver && frame.type == ipc::FrameType::Stop)
        Q_EMIT endWanted();
    if (m_isOver)
        return;
    if (frame.type == ipc::FrameType::HandoverProven) {
        m_deadline.stop();
        Q_EMIT proven();
    } else if (frame.type == ipc::FrameType::HandoverFailed) {
        fail(QString::fromUtf8(frame.payload));
    } else if (frame.type == ipc::FrameType::TakenOver) {
        m_deadline.stop();
        m_isOver = true;
        m_hasTakenOver = true;
        Q_EMIT takenOver();
    }
}

void Successor::channelClosed(const QString &)
{
    if (!m_isOver)
        fail(QStringLiteral("the new server has ended%1; its log says why").arg(endText()));
}

void Successor::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_deadline.timerId())
        fail(QStringLiteral("the new server was not ready in time"));
}

void Successor::fail(const QString &reason)
{
    m_isOver = true;
    m_deadline.stop();
    end();
    Q_EMIT failed(reason);
}

QString Successor::endText()
{
    const std::optional<int> status = reap();
    if (!status)
        return {};
    m_pid = 0;
    if (WIFSIGNALED(*status))
        return QStringLiteral(" by signal %1 (%2)")
            .arg(WTERMSIG(*status))
            .arg(QString::fromLocal8Bit(::strsignal(WTERMSIG(*status))));
    return QStringLiteral(" with exit code %1").arg(WEXITSTATUS(*status));
}

} // namespace Quern::app
