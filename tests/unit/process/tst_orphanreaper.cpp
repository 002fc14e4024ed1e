#include "process/orphanreaper.h"

#include <QTest>

#include <array>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace Quern::process;
using namespace std::chrono_literals;

namespace {

/// Starts a process that ends at once with \a status.
pid_t startChild(int status)
{
    const pid_t pid = ::fork();
    if (pid == 0)
        ::_exit(status);
    return pid;
}

/// Whether \a pid is a child of this process that has ended and has not been waited for.
bool isZombie(pid_t pid)
{
    siginfo_t info = {};
    return ::waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

bool isGone(pid_t pid)
{
    return ::kill(pid, 0) == -1 && errno == ESRCH;
}

/// A process whose parent has ended before it, as each that goes to the background has; it ends when \a release is
/// closed.
pid_t startOrphan(std::array<int, 2> release)
{
    std::array<int, 2> told = {};
    if (::pipe(told.data()) != 0)
        return -1;
    const pid_t parent = ::fork();
    if (parent == 0) {
        const pid_t orphan = ::fork();
        if (orphan == 0) {
            ::close(release[1]);
            char byte = 0;
            (void)!::read(release[0], &byte, 1);
            ::_exit(0);
        }
        (void)!::write(told[1], &orphan, sizeof orphan);
        ::_exit(0);
    }
    pid_t orphan = -1;
    (void)!::read(told[0], &orphan, sizeof orphan);
    ::close(told[0]);
    ::close(told[1]);
    ::waitpid(parent, nullptr, 0);
    return orphan;
}

} // namespace

class TestOrphanReaper : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
    void cleanup() { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }

    void onlyOneThatInheritsNeedsIt()
    {
        QVERIFY(OrphanReaper::inherits());
        ::prctl(PR_SET_CHILD_SUBREAPER, 0);
        QVERIFY(!OrphanReaper::inherits());
    }

    void orphansAreTakenAwayByItself()
    {
        OrphanReaper reaper([](qint64) { return false; }, 10ms);
        std::array<int, 2> release = {};
        QCOMPARE(::pipe(release.data()), 0);
        QList<pid_t> orphans;
        for (int i = 0; i < 5; ++i)
            orphans.append(startOrphan(release));
        for (const pid_t orphan : std::as_const(orphans)) {
            QVERIFY(orphan > 0);
            QVERIFY(!isGone(orphan));
        }
        ::close(release[1]);
        for (const pid_t orphan : std::as_const(orphans))
            QTRY_VERIFY(isGone(orphan));
        ::close(release[0]);
    }

    void oneThatRunsIsLeftAlone()
    {
        OrphanReaper reaper([](qint64) { return false; }, 1h);
        std::array<int, 2> release = {};
        QCOMPARE(::pipe(release.data()), 0);
        const pid_t orphan = startOrphan(release);
        QCOMPARE(reaper.reap(), 0);
        QVERIFY(!isGone(orphan));
        ::close(release[1]);
        QTRY_VERIFY(isZombie(orphan));
        QCOMPARE(reaper.reap(), 1);
        QVERIFY(isGone(orphan));
        ::close(release[0]);
    }

    void whoWaitsForAChildLearnsHowItEnded()
    {
        const pid_t own = startChild(7);
        OrphanReaper reaper([own](qint64 pid) { return pid == own; }, 1h);
        const pid_t other = startChild(0);
        QTRY_VERIFY(isZombie(own) && isZombie(other));
        reaper.reap();
        int status = 0;
        QCOMPARE(::waitpid(own, &status, WNOHANG), own);
        QCOMPARE(WEXITSTATUS(status), 7);
        reaper.reap();
        QVERIFY(isGone(other));
    }
};

QTEST_GUILESS_MAIN(TestOrphanReaper)
#include "tst_orphanreaper.moc"
