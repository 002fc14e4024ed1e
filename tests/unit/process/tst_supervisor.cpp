#include "supervisorsupport.h"

#include <QDir>
#include <QScopeGuard>

#include <algorithm>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace ProcessTest;
using namespace Quern;
using namespace std::chrono_literals;
using process::ChildReport;
using process::Supervisor;

/// Generations of real workers. The reactors are played by the test, which keeps what is handed to them.
class TestSupervisor : public SupervisorTest
{
    Q_OBJECT

private Q_SLOTS:
    void init() { prepare(); }
    void cleanup() { end(); }
    void startsAndStops();
    void startFailsForABrokenPlugin();
    void startFailsForAMissingPlugin();
    void startFailsForAMissingProgram();
    void deadWorkerIsReplaced();
    void whatCannotServeHasFailed();
    void whatCannotBeStartedHasFailed();
    void crashLoopOpensNothingElse();
    void noReplacementCanBeStarted();
    void aReplacementThatCannotBeStartedAtOnceIsTriedAgain();
    void reloadSwitches();
    void reloadWaitsForAllReactors();
    void reloadKillsTheBusyInTheEnd();
    void reloadWithABrokenPlugin();
    void reloadWhileReloading();
    void stuckWorkerIsKilled();
    void stopWithoutMercy();
    void stopWhileStarting();
    void theEndOfCompanionsIsToldOnce();
    void noGenerationBeginsWhileCompanionsLeave_data();
    void noGenerationBeginsWhileCompanionsLeave();
    void companionsLeaveWhileStarting();
    void orphansAreTakenAway();
};

void TestSupervisor::startsAndStops()
{
    create();
    QVERIFY(m_started->isEmpty());
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    QCOMPARE(m_supervisor->generation(), 1);
    QCOMPARE(m_handoffs.size(), 2);
    for (int i = 0; i < 2; ++i) {
        QCOMPARE(m_handoffs.at(i)->who.number, i);
        QCOMPARE(m_handoffs.at(i)->generation, 1);
        QCOMPARE(m_handoffs.at(i)->channels.size(), std::size_t(2));
        QVERIFY(!m_handoffs.at(i)->routes.isEmpty());
    }
    QVERIFY(m_handoffs.at(0)->childId != m_handoffs.at(1)->childId);
    for (const ChildReport &report : m_supervisor->report()) {
        QCOMPARE(report.state, process::ChildReport::State::Ready);
        QVERIFY(isAlive(report.pid));
    }
    stop();
    QCOMPARE(m_exited->size(), 2);
    m_supervisor.reset();
    QVERIFY(!QDir(m_settings.generationsDirectory).exists());
}

void TestSupervisor::startFailsForABrokenPlugin()
{
    m_settings.plugins = {fixture(QStringLiteral("throwing"))};
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_startFailed->size(), 1, patience);
    QVERIFY(m_startFailed->first().first().toString().contains(u"the database is locked"));
    QVERIFY(m_started->isEmpty());
    stop();
}

void TestSupervisor::startFailsForAMissingPlugin()
{
    m_settings.plugins = {fixture(QStringLiteral("absent"))};
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_startFailed->size(), 1, patience);
    QVERIFY(m_startFailed->first().first().toString().contains(u"absent.so"));
    stop();
}

void TestSupervisor::startFailsForAMissingProgram()
{
    m_settings.workerProgram = m_folder->filePath(QStringLiteral("nothing-here"));
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_startFailed->size(), 1, 5000);
    QVERIFY(m_startFailed->first().first().toString().contains(u"nothing-here"));
    stop();
}

void TestSupervisor::deadWorkerIsReplaced()
{
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    const qint64 victim = m_handoffs.at(1)->pid;
    QCOMPARE(::kill(pid_t(victim), SIGKILL), 0);
    QTRY_COMPARE_WITH_TIMEOUT(m_handoffs.size(), 3, patience);
    QCOMPARE(m_exited->size(), 1);
    QCOMPARE(m_exited->first().first().toULongLong(), m_handoffs.at(1)->childId);
    QCOMPARE(m_handoffs.at(2)->who.number, 1);
    QCOMPARE(m_handoffs.at(2)->generation, 1);
    QVERIFY(m_handoffs.at(2)->childId != m_handoffs.at(1)->childId);
    const ChildReport report = m_supervisor->report().at(1);
    QCOMPARE(report.restarts, 1);
    QVERIFY(report.lastExit.startsWith(u"signal 9"));
    QVERIFY(!m_supervisor->isBreakerOpen());
    stop();
}

void TestSupervisor::whatCannotServeHasFailed()
{
    const QString hang = m_folder->filePath(QStringLiteral("hang"));
    m_settings.workerProgram =
        script(*m_folder, "if [ -f " + hang.toUtf8() + " ]; then exec sleep 60; fi; exec " WORKER_PROGRAM " \"$@\"");
    m_settings.workerNum = 1;
    m_settings.startTimeout = 2s;
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    QFile file(hang);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(::kill(pid_t(m_handoffs.constFirst()->pid), SIGKILL), 0);
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 2, patience);
    file.remove();
    QVERIFY(m_supervisor->report().constFirst().lastExit.contains(u"not ready after 2 s"));
    QCOMPARE(m_supervisor->report().constFirst().lastReason, process::RestartReason::Failed);
    QTRY_COMPARE_WITH_TIMEOUT(m_handoffs.size(), 2, patience);
    stop();
}

void TestSupervisor::whatCannotBeStartedHasFailed()
{
    m_settings.workerProgram = m_folder->filePath(QStringLiteral("worker"));
    QVERIFY(QFile::link(QStringLiteral(WORKER_PROGRAM), m_settings.workerProgram));
    m_settings.workerNum = 1;
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    QVERIFY(QFile::remove(m_settings.workerProgram));
    QCOMPARE(::kill(pid_t(m_handoffs.constFirst()->pid), SIGKILL), 0);
    QTRY_VERIFY_WITH_TIMEOUT(m_supervisor->report().constFirst().restarts > 1, patience);
    const ChildReport report = m_supervisor->report().constFirst();
    QVERIFY2(report.lastExit.startsWith(u"cannot start"), qPrintable(report.lastExit));
    QCOMPARE(report.lastReason, process::RestartReason::Failed);
    QVERIFY(QFile::link(QStringLiteral(WORKER_PROGRAM), m_settings.workerProgram));
    QTRY_COMPARE_WITH_TIMEOUT(m_handoffs.size(), 2, patience);
    stop();
}

void TestSupervisor::crashLoopOpensNothingElse()
{
    // Each replacement dies at once: the delays grow, and stopping in the middle of one leaves nothing behind.
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    for (int i = 0; i < 3; ++i) {
        QCOMPARE(::kill(pid_t(m_handoffs.constLast()->pid), SIGABRT), 0);
        QTRY_COMPARE_WITH_TIMEOUT(m_handoffs.size(), 3 + i, patience);
    }
    QCOMPARE(m_supervisor->report().at(1).restarts, 3);
    QCOMPARE(m_supervisor->report().at(0).restarts, 0);
    QCOMPARE(::kill(pid_t(m_handoffs.constLast()->pid), SIGABRT), 0);
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 4, patience);
    QCOMPARE(m_supervisor->report().at(1).state, process::ChildReport::State::Waiting);
    stop();
}

void TestSupervisor::noReplacementCanBeStarted()
{
    // The master has run out of descriptors: clients must hear 503 in the end, and not wait for ever.
    create();
    QSignalSpy availability(m_supervisor.get(), &Supervisor::availabilityChanged);
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    rlimit before = {};
    QCOMPARE(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none = {3, before.rlim_max}; // those that are open stay open
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const auto restore = qScopeGuard([&before] { ::setrlimit(RLIMIT_NOFILE, &before); });
    for (const auto &handoff : std::as_const(m_handoffs))
        QCOMPARE(::kill(pid_t(handoff->pid), SIGABRT), 0);
    // The delays between ten tries add up to some 16 s.
    QTRY_COMPARE_WITH_TIMEOUT(availability.size(), 1, 2 * patience);
    QCOMPARE(availability.first().first().toBool(), false);
    QVERIFY(m_supervisor->isBreakerOpen());
    stop();
}

void TestSupervisor::aReplacementThatCannotBeStartedAtOnceIsTriedAgain()
{
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    rlimit before = {};
    QCOMPARE(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none = {3, before.rlim_max};
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &none), 0);
    auto restore = qScopeGuard([&before] { ::setrlimit(RLIMIT_NOFILE, &before); });
    // No other one is due, whose try would be one for this.
    QCOMPARE(::kill(pid_t(m_handoffs.first()->pid), SIGABRT), 0);
    QTRY_VERIFY_WITH_TIMEOUT(m_supervisor->report().first().restarts >= 2, patience);
    ::setrlimit(RLIMIT_NOFILE, &before);
    restore.dismiss();
    QTRY_COMPARE_WITH_TIMEOUT(m_handoffs.size(), 3, patience);
    QCOMPARE(m_handoffs.last()->who.number, m_handoffs.first()->who.number);
    stop();
}

void TestSupervisor::reloadSwitches()
{
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    const QList<qint64> old = pids();
    QVERIFY(m_supervisor->reload());
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 1, patience);
    QCOMPARE(m_reloaded->first().first().toString(), QString());
    QCOMPARE(m_supervisor->generation(), 2);
    QCOMPARE(m_activated->size(), 2);
    QCOMPARE(m_drains.size(), 2);
    for (const qint64 pid : old)
        QVERIFY(!isAlive(pid));
    QCOMPARE(QDir(m_settings.generationsDirectory).entryList(QDir::Dirs | QDir::NoDotAndDotDot),
             QStringList{QStringLiteral("2")});
    stop();
}

void TestSupervisor::reloadWaitsForAllReactors()
{
    m_drainAtOnce = false;
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    const QList<qint64> old = pids();
    QVERIFY(m_supervisor->reload());
    QTRY_COMPARE_WITH_TIMEOUT(m_drains.size(), 2, patience);
    for (const int place : {0, 0, 1, 1, 1})
        m_supervisor->drained(m_drains.at(place));
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QVERIFY(isAlive(old.at(0))); // one of the reactors still has a request in it
    QVERIFY(m_reloaded->isEmpty());
    m_supervisor->drained(m_drains.at(0));
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 1, patience);
    QVERIFY(!isAlive(old.at(0)));
    stop();
}

void TestSupervisor::reloadKillsTheBusyInTheEnd()
{
    m_drainAtOnce = false;
    m_settings.maxWaitTime = 100ms;
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    QVERIFY(m_supervisor->reload());
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 1, patience);
    QCOMPARE(m_reloaded->first().first().toString(), QString());
    const auto exit = m_exited->first().at(1).value<process::ChildExit>();
    QVERIFY2(exit.text.contains(u"max_wait_time"), qPrintable(exit.text));
    stop();
}

void TestSupervisor::reloadWithABrokenPlugin()
{
    // The file is exchanged under the running server.
    const QString plugin = m_folder->filePath(QStringLiteral("plugin.so"));
    const auto install = [&](const QString &from) {
        QFile::remove(plugin);
        QVERIFY(QFile::copy(from, plugin));
        QFile file(plugin);
        QVERIFY(file.open(QIODevice::ReadWrite));
        QVERIFY(file.setFileTime(QDateTime::currentDateTime().addSecs(-60), QFile::FileModificationTime));
    };
    install(welcomePlugin().file);
    m_settings.plugins = {{plugin, {}}};
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    const QList<qint64> old = pids();

    install(fixture(QStringLiteral("throwing")).file);
    QVERIFY(m_supervisor->reload());
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 1, patience);
    QVERIFY(m_reloaded->first().first().toString().contains(u"the database is locked"));
    QCOMPARE(m_supervisor->generation(), 1);
    QVERIFY(m_drains.isEmpty());
    for (const qint64 pid : old)
        QVERIFY(isAlive(pid));

    install(welcomePlugin().file);
    QVERIFY(m_supervisor->reload());
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 2, patience);
    QCOMPARE(m_reloaded->last().first().toString(), QString());
    QCOMPARE(m_supervisor->generation(), 3);
    stop();
}

void TestSupervisor::reloadWhileReloading()
{
    create();
    QVERIFY(!m_supervisor->reload()); // still starting
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    QVERIFY(m_supervisor->reload());
    const Result<void> second = m_supervisor->reload();
    QVERIFY(!second);
    QCOMPARE(second.error().code(), Error::Busy);
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 1, patience);
    QVERIFY(m_supervisor->reload());
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 2, patience);
    QCOMPARE(m_supervisor->generation(), 3);
    stop();
    QVERIFY(!m_supervisor->reload());
}

void TestSupervisor::stuckWorkerIsKilled()
{
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    m_supervisor->killStuck(m_handoffs.at(0)->childId, QStringLiteral("handler GET /slow runs for ever"));
    QTRY_COMPARE_WITH_TIMEOUT(m_handoffs.size(), 3, patience);
    QVERIFY(m_supervisor->report().at(0).lastExit.contains(u"GET /slow"));
    stop();
}

void TestSupervisor::stopWithoutMercy()
{
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    const QList<qint64> all = pids();
    for (const qint64 pid : all)
        QCOMPARE(::kill(pid_t(pid), SIGSTOP), 0);
    stop(0ms);
}

void TestSupervisor::stopWhileStarting()
{
    create();
    QTRY_VERIFY_WITH_TIMEOUT(!m_supervisor->report().isEmpty(), patience);
    stop();
    QVERIFY(m_started->isEmpty());
    QVERIFY(m_startFailed->isEmpty());
}

void TestSupervisor::theEndOfCompanionsIsToldOnce()
{
    // The master counts what has come to its end: what is told twice would cut off what others have begun.
    create();
    QSignalSpy left(m_supervisor.get(), &Supervisor::companionsLeft);
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    m_supervisor->leaveCompanions();
    QTRY_COMPARE_WITH_TIMEOUT(left.size(), 1, patience);
    QCOMPARE(::kill(pid_t(m_handoffs.at(1)->pid), SIGKILL), 0);
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QCOMPARE(left.size(), 1);
    stop();
}

void TestSupervisor::noGenerationBeginsWhileCompanionsLeave_data()
{
    QTest::addColumn<bool>("hasBegun");
    QTest::newRow("while its files are copied") << false;
    QTest::newRow("while its children start") << true;
}

void TestSupervisor::noGenerationBeginsWhileCompanionsLeave()
{
    QFETCH(const bool, hasBegun);
    wantProcess();
    create();
    QSignalSpy left(m_supervisor.get(), &Supervisor::companionsLeft);
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    QVERIFY(m_supervisor->reload());
    const auto isNew = [](const ChildReport &report) { return report.generation == 2; };
    const auto newChildren = [&] {
        const QList<ChildReport> reports = m_supervisor->report();
        return std::count_if(reports.begin(), reports.end(), isNew);
    };
    if (hasBegun)
        QTRY_COMPARE_WITH_TIMEOUT(newChildren(), 2, patience);
    m_supervisor->leaveCompanions();
    QTRY_COMPARE_WITH_TIMEOUT(left.size(), 1, patience);
    QTRY_COMPARE_WITH_TIMEOUT(newChildren(), 0, patience);
    QCOMPARE(m_reloaded->size(), 1);
    QCOMPARE(m_reloaded->first().first().toString(), QStringLiteral("the server stops"));
    QCOMPARE(m_supervisor->generation(), 1);
    stop();
}

void TestSupervisor::companionsLeaveWhileStarting()
{
    // A start that is broken off has not failed.
    wantProcess();
    create();
    QSignalSpy left(m_supervisor.get(), &Supervisor::companionsLeft);
    QTRY_COMPARE_WITH_TIMEOUT(m_supervisor->report().size(), 2, patience);
    m_supervisor->leaveCompanions();
    QTRY_COMPARE_WITH_TIMEOUT(left.size(), 1, patience);
    stop();
    QVERIFY(m_startFailed->isEmpty());
}

void TestSupervisor::orphansAreTakenAway()
{
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const auto restore = qScopeGuard([] { ::prctl(PR_SET_CHILD_SUBREAPER, 0); });
    const auto child = [](int status) {
        const pid_t pid = ::fork();
        if (pid == 0)
            ::_exit(status);
        siginfo_t info = {};
        ::waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT);
        return pid;
    };
    // The kernel tells of the first of them first.
    const pid_t orphan = child(0);
    const pid_t spared = child(7);
    m_supervisor = std::make_unique<Supervisor>(m_settings);
    m_supervisor->spare([spared](qint64 pid) { return pid == spared; });
    m_supervisor->start();
    QTRY_VERIFY_WITH_TIMEOUT(!isAlive(orphan), patience);
    int status = 0;
    QCOMPARE(::waitpid(spared, &status, WNOHANG), spared);
    QCOMPARE(WEXITSTATUS(status), 7);
}

QUERN_EPOLL_TEST_MAIN(TestSupervisor)
#include "tst_supervisor.moc"
