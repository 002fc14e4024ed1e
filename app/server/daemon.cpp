#include "app/server/daemon.h"

#include "app/server/waitingline.h"
#include "base/systemerror.h"

#include <QByteArray>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace Quern::app {

namespace {

constexpr char readyMark = '+';
constexpr char failureMark = '-';

} // namespace

Result<Daemon::Side> Daemon::split()
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return base::systemError(QStringLiteral("pipe"));
    base::FileDescriptor readEnd(ends[0]);
    base::FileDescriptor writeEnd(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0)
        return base::systemError(QStringLiteral("fork"));
    if (pid > 0) {
        m_serverPid = pid;
        m_pipe = std::move(readEnd);
        return Side::Command;
    }
    m_pipe = std::move(writeEnd);
    // A session of its own: no terminal's hang-up or Ctrl+C reaches it.
    ::setsid();
    const base::FileDescriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        ::dup2(null.get(), fd);
    return Side::Server;
}

QByteArray Daemon::waitForOutcome(std::chrono::milliseconds patience, const std::function<void()> &waiting)
{
    const auto deadline = std::chrono::steady_clock::now() + patience;
    QByteArray report;
    while (true) {
        pollfd wait = {m_pipe.get(), POLLIN, 0};
        const int ready = ::poll(&wait, 1, int(WaitingLine::Interval.count()));
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0 && std::chrono::steady_clock::now() >= deadline)
            return "the server has not become ready in time";
        if (ready <= 0) {
            waiting();
            continue;
        }
        char buffer[4096];
        const ssize_t count = ::read(m_pipe.get(), buffer, sizeof buffer);
        if (count > 0) {
            report.append(buffer, count);
            continue;
        }
        if (report.startsWith(readyMark))
            return {};
        return report.startsWith(failureMark) ? report.mid(1) : QByteArray("the server died while it was starting");
    }
}

void Daemon::reportReady()
{
    report(QByteArray(1, readyMark));
}

void Daemon::reportFailure(const QByteArray &reason)
{
    report(failureMark + reason);
}

void Daemon::report(const QByteArray &text)
{
    if (!m_pipe.isValid())
        return;
    // A pipe takes this much at once; a command that has gone does not interest the server.
    const ssize_t written = ::write(m_pipe.get(), text.constData(), size_t(text.size()));
    Q_UNUSED(written)
    m_pipe.reset();
}

} // namespace Quern::app
