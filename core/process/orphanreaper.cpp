#include "process/orphanreaper.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

namespace Quern::process {

namespace {

/// So that one who makes them quicker than they are taken away does not keep the thread.
constexpr int mostAtOnce = 10000;

} // namespace

bool OrphanReaper::inherits()
{
    int isSubreaper = 0;
    ::prctl(PR_GET_CHILD_SUBREAPER, &isSubreaper);
    return isSubreaper != 0 || ::getpid() == 1;
}

// A timer, since SIGCHLD belongs to QProcess on kernels that have no descriptors for processes.
OrphanReaper::OrphanReaper(std::function<bool(qint64)> isOwn, std::chrono::milliseconds interval, QObject *parent)
    : QObject(parent)
    , m_isOwn(std::move(isOwn))
{
    m_timer.start(int(interval.count()), Qt::CoarseTimer, this);
}

int OrphanReaper::reap()
{
    for (int count = 0; count < mostAtOnce; ++count) {
        siginfo_t info = {};
        // Looks at the first that has ended, and leaves it as it is.
        if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
            return count;
        // It stands before others, until it has been waited for: they have time until the next interval.
        if (m_isOwn(info.si_pid))
            return count;
        ::waitpid(info.si_pid, nullptr, WNOHANG);
    }
    return mostAtOnce;
}

void OrphanReaper::timerEvent(QTimerEvent *)
{
    reap();
}

} // namespace Quern::process
