#include "supervisorsupport.h"

#include <QDir>
#include <QRegularExpression>

using namespace ProcessTest;
using process::RestartReason;

/// Children that are replaced one by one, task workers that are reloaded alone, pools that grow and shrink.
class TestSupervisorPools : public SupervisorTest
{
    Q_OBJECT

private Q_SLOTS:
    void init() { prepare(); }
    void cleanup() { end(); }
    void theSuccessorIsReadyFirst();
    void aQuarterIsReplacedAtATime();
    void aSuccessorThatCannotStart();
    void theOldOneDiesMeanwhile();
    void anotherWaitsForItMeanwhile();
    void eachIsTooLargeAtOnce();
    void aReloadReplacesTheSuccessorToo();
    void companionsAreReplaced();
    void taskWorkersAlone();
    void taskWorkersThatCannotStart();
    void noTaskWorkers();
    void reloadOfTaskWorkersIsBrokenOff();
    void poolsGrowAndShrink();
    void theLastTaskWorkerLeaves();
    void poolsThatCannotGrow();
    void oneGrowsInVainAndOneShrinks();
    void scaledWhileOneLeaves();
    void growthIsBrokenOff();
    void aReloadEndsTheGrowth();

private:
    Result<void> scale(const ipc::PoolSizes &sizes)
    {
        return m_supervisor->scale(sizes, process::ScaleReason::Command, QStringLiteral("to see it"));
    }
    /// The program of the workers is at a place where it can be exchanged.
    void useOwnProgram();
    void breakProgram();
    void mendProgram();
    std::shared_ptr<ChildHandoff> handoffOf(ipc::ChildRole role, int number) const;
    QStringList copies() const;
    QStringList names() const;
};

void TestSupervisorPools::useOwnProgram()
{
    m_settings.workerProgram = m_folder->filePath(QStringLiteral("worker"));
    mendProgram();
}

void TestSupervisorPools::breakProgram()
{
    QVERIFY(QFile::remove(m_settings.workerProgram));
    QVERIFY(QFile::link(script(*m_folder, "exit 3"), m_settings.workerProgram));
}

void TestSupervisorPools::mendProgram()
{
    QFile::remove(m_settings.workerProgram);
    QVERIFY(QFile::link(QStringLiteral(WORKER_PROGRAM), m_settings.workerProgram));
}

std::shared_ptr<ChildHandoff> TestSupervisorPools::handoffOf(ipc::ChildRole role, int number) const
{
    std::shared_ptr<ChildHandoff> last;
    for (const auto &handoff : m_handoffs)
        last = handoff->who.role == role && handoff->who.number == number ? handoff : last;
    return last;
}

QStringList TestSupervisorPools::copies() const
{
    return QDir(m_settings.generationsDirectory).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
}

QStringList TestSupervisorPools::names() const
{
    QStringList names;
    for (const ChildReport &report : m_supervisor->report())
        names.append(report.who.text());
    return names;
}

void TestSupervisorPools::theSuccessorIsReadyFirst()
{
    m_settings.workerNum = 1;
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    const auto old = m_handoffs.first();
    QVERIFY(m_supervisor->recycle(old->childId, RestartReason::Memory, QStringLiteral("it is fat")));
    QVERIFY(m_supervisor->recycle(old->childId, RestartReason::UsedUp, QStringLiteral("it is old"))); // it is known
    bool wasAnnounced = false;
    connect(m_supervisor.get(), &Supervisor::drainRequested, this, [&] { wasAnnounced = m_handoffs.size() == 2; });
    QVERIFY(m_drains.isEmpty());
    const QList<ChildReport> reports = m_supervisor->report();
    QCOMPARE(reports.size(), 2);
    QCOMPARE(reports.at(0).state, ChildReport::State::Ready);
    QCOMPARE(reports.at(1).state, ChildReport::State::Starting);
    QVERIFY(!reports.at(0).isSuccessor && reports.at(1).isSuccessor);
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QCOMPARE(m_drains, QList<quint64>{old->childId});
    QVERIFY(wasAnnounced);
    QVERIFY(!isAlive(old->pid));
    QCOMPARE(m_handoffs.at(1)->who, old->who);
    const ChildReport report = m_supervisor->report().first();
    QCOMPARE(report.lastExit, QStringLiteral("replaced: it is fat"));
    QCOMPARE(report.lastReason, RestartReason::Memory);
    QCOMPARE(report.restarts, 0); // it has not died
    QCOMPARE(report.replacements, 1);
    const auto counts = m_supervisor->restartCounts();
    QCOMPARE(counts.size(), std::size_t(1));
    QCOMPARE(counts.at({ipc::ChildRole::Worker, RestartReason::Memory}), quint64(1));
    QVERIFY(!m_supervisor->recycle(old->childId, RestartReason::Memory, QStringLiteral("it has gone")));
    stop();
}

void TestSupervisorPools::aQuarterIsReplacedAtATime()
{
    m_drainAtOnce = false;
    m_settings.workerNum = 8;
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    for (const auto &handoff : QList(m_handoffs))
        QVERIFY(m_supervisor->recycle(handoff->childId, RestartReason::UsedUp, QStringLiteral("it is old")));
    qsizetype settled = 0;
    while (settled < 8) {
        // Two of them leave, and none follows before they have.
        QTRY_COMPARE_WITH_TIMEOUT(m_drains.size(), settled + 2, patience);
        const QList<ChildReport> reports = m_supervisor->report();
        QCOMPARE(std::count_if(reports.begin(), reports.end(),
                               [](const ChildReport &each) { return each.state == ChildReport::State::Starting; }),
                 0);
        QCOMPARE(reports.size(), 10);
        for (; settled < m_drains.size(); ++settled) {
            for (int i = 0; i < 3; ++i)
                m_supervisor->drained(m_drains.at(settled));
        }
    }
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 8, patience);
    QCOMPARE(m_handoffs.size(), 16);
    stop();
}

void TestSupervisorPools::aSuccessorThatCannotStart()
{
    useOwnProgram();
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    breakProgram();
    const auto old = m_handoffs.at(1);
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(QStringLiteral("worker 1 goes on, though it is old")));
    QVERIFY(m_supervisor->recycle(old->childId, RestartReason::UsedUp, QStringLiteral("it is old")));
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QVERIFY(isAlive(old->pid));
    QVERIFY(m_drains.isEmpty());
    QVERIFY(!m_supervisor->isBreakerOpen());
    QCOMPARE(m_supervisor->report().size(), 2);
    mendProgram();
    QTRY_COMPARE_WITH_TIMEOUT(m_drains, QList<quint64>{old->childId}, patience);
    QTRY_VERIFY_WITH_TIMEOUT(!isAlive(old->pid), patience);
    stop();
}

void TestSupervisorPools::theOldOneDiesMeanwhile()
{
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    const auto old = m_handoffs.at(0);
    QVERIFY(m_supervisor->recycle(old->childId, RestartReason::UsedUp, QStringLiteral("it is old")));
    QCOMPARE(m_supervisor->report().size(), 3);
    const qint64 successor = m_supervisor->report().at(1).pid;
    QCOMPARE(::kill(pid_t(old->pid), SIGKILL), 0);
    QTRY_COMPARE_WITH_TIMEOUT(m_handoffs.size(), 3, patience);
    QCOMPARE(m_handoffs.constLast()->pid, successor);
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QCOMPARE(m_supervisor->report().size(), 2);
    stop();
    QCOMPARE(m_handoffs.size(), 3);
}

void TestSupervisorPools::anotherWaitsForItMeanwhile()
{
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    const auto first = m_handoffs.at(0);
    const auto second = m_handoffs.at(1);
    QVERIFY(m_supervisor->recycle(first->childId, RestartReason::UsedUp, QStringLiteral("it is old")));
    QVERIFY(m_supervisor->recycle(second->childId, RestartReason::UsedUp, QStringLiteral("it is old")));
    QCOMPARE(m_supervisor->report().size(), 3);
    QCOMPARE(::kill(pid_t(first->pid), SIGKILL), 0);
    QTRY_COMPARE_WITH_TIMEOUT(m_drains, QList<quint64>{second->childId}, patience);
    stop();
}

void TestSupervisorPools::eachIsTooLargeAtOnce()
{
    m_settings.workerNum = 1;
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    const auto recycleLast = [this] {
        return m_supervisor->recycle(m_handoffs.constLast()->childId, RestartReason::Memory,
                                     QStringLiteral("it is fat"));
    };
    QVERIFY(recycleLast());
    QVERIFY(!m_supervisor->replacementRestsUntil(m_handoffs.constLast()->childId));
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QVERIFY(!m_supervisor->report().constFirst().isTooLarge);
    for (const int seconds : {1, 2}) {
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("worker 0 is beyond its memory limit as "
                                                                             "soon as it begins: it is fat - it is "
                                                                             "replaced in %1 s")
                                                                  .arg(seconds)));
        QElapsedTimer timer;
        timer.start();
        QVERIFY(recycleLast());
        QVERIFY(m_supervisor->replacementRestsUntil(m_handoffs.constLast()->childId));
        QCOMPARE(m_supervisor->report().size(), 1);
        QVERIFY(m_supervisor->report().constFirst().isTooLarge);
        QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1 + seconds, patience);
        QVERIFY(timer.elapsed() >= 1000 * seconds);
    }
    // Another reason is none of its business.
    QVERIFY(m_supervisor->recycle(m_handoffs.constLast()->childId, RestartReason::UsedUp, QStringLiteral("it is old")));
    QCOMPARE(m_supervisor->report().size(), 2);
    QVERIFY(!m_supervisor->report().constFirst().isTooLarge);
    stop();
}

void TestSupervisorPools::aReloadReplacesTheSuccessorToo()
{
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    QVERIFY(m_supervisor->reload());
    // Recycled while the next generation starts: nothing more is begun for this one.
    QTRY_COMPARE_WITH_TIMEOUT(m_supervisor->report().size(), 4, patience);
    QVERIFY(m_supervisor->recycle(m_handoffs.at(0)->childId, RestartReason::UsedUp, QStringLiteral("it is old")));
    QCOMPARE(m_supervisor->report().size(), 4);
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 1, patience);
    QCOMPARE(m_supervisor->report().size(), 2);
    QCOMPARE(copies(), QStringList{QStringLiteral("2")});
    stop();
}

void TestSupervisorPools::companionsAreReplaced()
{
    wantProcess();
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    const auto old = handoffOf(ipc::ChildRole::Process, 0);
    QVERIFY(m_supervisor->recycle(old->childId, RestartReason::Memory, QStringLiteral("it is fat")));
    QTRY_VERIFY_WITH_TIMEOUT(!isAlive(old->pid), patience);
    const auto isAtWork = [this] {
        QStringList names;
        m_supervisor->forEachAtWork([&](const process::ChildProcess &child) { names.append(child.spec().who.text()); });
        return names.contains(QStringLiteral("process ticker 0"));
    };
    QTRY_VERIFY_WITH_TIMEOUT(isAtWork(), patience);
    QVERIFY(handoffOf(ipc::ChildRole::Process, 0)->pid != old->pid);
    stop();
}

void TestSupervisorPools::taskWorkersAlone()
{
    m_settings.taskWorkerNum = 2;
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    const QList<std::shared_ptr<ChildHandoff>> old = m_handoffs;
    QVERIFY(m_supervisor->reloadTaskWorkers());
    QVERIFY(!m_supervisor->reload());
    QVERIFY(!m_supervisor->reloadTaskWorkers());
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 1, patience);
    QCOMPARE(m_reloaded->first().first().toString(), QString());
    QCOMPARE(m_supervisor->generation(), 1);
    QCOMPARE(m_drains, (QList<quint64>{old.at(2)->childId, old.at(3)->childId}));
    QVERIFY(isAlive(old.at(0)->pid) && isAlive(old.at(1)->pid));
    QVERIFY(!isAlive(old.at(2)->pid) && !isAlive(old.at(3)->pid));
    QCOMPARE(m_handoffs.size(), 6);
    QCOMPARE(m_handoffs.at(4)->generation, 1);
    // The workers still run with the first copies; those that are started now as well.
    QCOMPARE(copies(), (QStringList{QStringLiteral("1"), QStringLiteral("2")}));
    QVERIFY(m_supervisor->reloadTaskWorkers());
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 2, patience);
    QCOMPARE(copies(), (QStringList{QStringLiteral("1"), QStringLiteral("3")}));
    for (const int place : {0, 7}) {
        QCOMPARE(::kill(pid_t(m_handoffs.at(place)->pid), SIGKILL), 0);
        QTRY_VERIFY_WITH_TIMEOUT(m_handoffs.constLast()->who == m_handoffs.at(place)->who, patience);
    }
    QVERIFY(m_supervisor->reload());
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 3, patience);
    QCOMPARE(copies(), QStringList{QStringLiteral("4")});
    stop();
}

void TestSupervisorPools::taskWorkersThatCannotStart()
{
    useOwnProgram();
    m_settings.taskWorkerNum = 2;
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    breakProgram();
    QVERIFY(m_supervisor->reloadTaskWorkers());
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 1, patience);
    QVERIFY2(m_reloaded->first().first().toString().contains(u"exit code 3"),
             qPrintable(m_reloaded->first().first().toString()));
    QVERIFY(m_drains.isEmpty());
    for (const auto &handoff : std::as_const(m_handoffs))
        QVERIFY(isAlive(handoff->pid));
    QTRY_COMPARE_WITH_TIMEOUT(m_supervisor->report().size(), 4, patience);
    QTRY_COMPARE_WITH_TIMEOUT(copies(), QStringList{QStringLiteral("1")}, patience);
    mendProgram();
    QVERIFY(m_supervisor->reloadTaskWorkers());
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 2, patience);
    QCOMPARE(m_reloaded->last().first().toString(), QString());
    stop();
}

void TestSupervisorPools::noTaskWorkers()
{
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    const Result<void> begun = m_supervisor->reloadTaskWorkers();
    QVERIFY(!begun);
    QVERIFY(begun.error().message().contains(u"task_worker_num"));
    QVERIFY(!m_supervisor->isReloadOpen());
    stop();
}

void TestSupervisorPools::reloadOfTaskWorkersIsBrokenOff()
{
    m_settings.taskWorkerNum = 1;
    create();
    QSignalSpy left(m_supervisor.get(), &Supervisor::companionsLeft);
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    QVERIFY(m_supervisor->reloadTaskWorkers());
    QTRY_COMPARE_WITH_TIMEOUT(m_supervisor->report().size(), 4, patience);
    m_supervisor->leaveCompanions();
    QTRY_COMPARE_WITH_TIMEOUT(left.size(), 1, patience);
    QCOMPARE(m_reloaded->size(), 1);
    QCOMPARE(m_reloaded->first().first().toString(), QStringLiteral("the server stops"));
    stop();
}

void TestSupervisorPools::poolsGrowAndShrink()
{
    create();
    QSignalSpy resized(m_supervisor.get(), &Supervisor::poolsResized);
    QSignalSpy scaled(m_supervisor.get(), &Supervisor::scaleFinished);
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    const QList<qint64> old = pids();
    QVERIFY(scale({4, 1}));
    QVERIFY(!scale({5, 1}));
    QTRY_COMPARE_WITH_TIMEOUT(scaled.size(), 1, patience);
    QCOMPARE(scaled.first().first().toString(), QString());
    QCOMPARE(resized.size(), 1);
    QCOMPARE(m_handoffs.size(), 5);
    QCOMPARE(names(), (QStringList{QStringLiteral("worker 0"), QStringLiteral("worker 1"), QStringLiteral("worker 2"),
                                   QStringLiteral("worker 3"), QStringLiteral("task worker 0")}));
    QCOMPARE(m_supervisor->poolSizes(), (ipc::PoolSizes{4, 1}));
    QCOMPARE(m_supervisor->scaleCounts().at({ipc::ChildRole::Worker, process::ScaleReason::Command}), quint64(1));
    QCOMPARE(m_supervisor->generation(), 1);

    m_drainAtOnce = false;
    bool wasTold = false;
    connect(m_supervisor.get(), &Supervisor::drainRequested, this, [&] { wasTold = resized.size() == 2; });
    QVERIFY(scale({1, 1}));
    QTRY_COMPARE_WITH_TIMEOUT(m_drains.size(), 3, patience);
    QVERIFY(wasTold);
    QVERIFY(scaled.size() == 1); // they have not gone yet
    for (const quint64 child : std::as_const(m_drains)) {
        for (int i = 0; i < 3; ++i)
            m_supervisor->drained(child);
    }
    QTRY_COMPARE_WITH_TIMEOUT(scaled.size(), 2, patience);
    QVERIFY(isAlive(old.at(0)));
    QVERIFY(!isAlive(old.at(1)));
    QCOMPARE(names(), (QStringList{QStringLiteral("worker 0"), QStringLiteral("task worker 0")}));
    QVERIFY(scale({1, 1})); // nothing to be done
    QTRY_COMPARE_WITH_TIMEOUT(scaled.size(), 3, patience);
    stop();
}

void TestSupervisorPools::theLastTaskWorkerLeaves()
{
    m_settings.taskWorkerNum = 2;
    create();
    QSignalSpy scaled(m_supervisor.get(), &Supervisor::scaleFinished);
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    QVERIFY(scale({2, 0}));
    QTRY_COMPARE_WITH_TIMEOUT(scaled.size(), 1, patience);
    QCOMPARE(names(), (QStringList{QStringLiteral("worker 0"), QStringLiteral("worker 1")}));
    stop();
}

void TestSupervisorPools::poolsThatCannotGrow()
{
    useOwnProgram();
    create();
    QSignalSpy resized(m_supervisor.get(), &Supervisor::poolsResized);
    QSignalSpy scaled(m_supervisor.get(), &Supervisor::scaleFinished);
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    breakProgram();
    QVERIFY(scale({4, 2}));
    QTRY_COMPARE_WITH_TIMEOUT(scaled.size(), 1, patience);
    QVERIFY2(scaled.first().first().toString().contains(u"exit code 3"), qPrintable(scaled.first().first().toString()));
    QVERIFY(resized.isEmpty());
    QTRY_COMPARE_WITH_TIMEOUT(names(), (QStringList{QStringLiteral("worker 0"), QStringLiteral("worker 1")}), patience);
    QVERIFY(m_drains.isEmpty());
    mendProgram();
    QVERIFY(scale({3, 0}));
    QTRY_COMPARE_WITH_TIMEOUT(scaled.size(), 2, patience);
    QCOMPARE(scaled.last().first().toString(), QString());
    stop();
}

void TestSupervisorPools::oneGrowsInVainAndOneShrinks()
{
    useOwnProgram();
    create();
    QSignalSpy resized(m_supervisor.get(), &Supervisor::poolsResized);
    QSignalSpy scaled(m_supervisor.get(), &Supervisor::scaleFinished);
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    breakProgram();
    QVERIFY(scale({4, 0}));
    QTRY_COMPARE_WITH_TIMEOUT(scaled.size(), 1, patience);
    mendProgram();
    QVERIFY(scale({2, 3}));
    QTRY_COMPARE_WITH_TIMEOUT(scaled.size(), 2, patience);
    resized.clear();
    breakProgram();
    QVERIFY(scale({4, 1}));
    QTRY_COMPARE_WITH_TIMEOUT(scaled.size(), 3, patience);
    QVERIFY(!scaled.last().first().toString().isEmpty());
    QCOMPARE(m_supervisor->poolSizes(), (ipc::PoolSizes{2, 1}));
    QVERIFY(!resized.isEmpty());
    QCOMPARE(resized.last().first().value<ipc::PoolSizes>(), (ipc::PoolSizes{2, 1}));
    stop();
}

void TestSupervisorPools::scaledWhileOneLeaves()
{
    create();
    QSignalSpy scaled(m_supervisor.get(), &Supervisor::scaleFinished);
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    connect(m_supervisor.get(), &Supervisor::childExited, this, [this] { QVERIFY(scale({3, 0})); });
    QVERIFY(m_supervisor->recycle(m_handoffs.at(0)->childId, RestartReason::UsedUp, QStringLiteral("it is old")));
    QTRY_COMPARE_WITH_TIMEOUT(scaled.size(), 1, patience);
    QCOMPARE(m_supervisor->poolSizes(), (ipc::PoolSizes{3, 0}));
    m_supervisor->disconnect(this);
    stop();
}

void TestSupervisorPools::growthIsBrokenOff()
{
    create();
    QSignalSpy scaled(m_supervisor.get(), &Supervisor::scaleFinished);
    QSignalSpy left(m_supervisor.get(), &Supervisor::companionsLeft);
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    QVERIFY(scale({4, 0}));
    QTRY_COMPARE_WITH_TIMEOUT(m_supervisor->report().size(), 4, patience);
    m_supervisor->leaveCompanions(Supervisor::Leave::AllButWorkers);
    QCOMPARE(scaled.size(), 1);
    QCOMPARE(scaled.first().first().toString(), QStringLiteral("the server is stopping"));
    QCOMPARE(m_supervisor->poolSizes(), (ipc::PoolSizes{2, 0}));
    QTRY_COMPARE_WITH_TIMEOUT(left.size(), 1, patience);
    // The server goes on after all.
    m_supervisor->returnCompanions();
    QTRY_COMPARE_WITH_TIMEOUT(m_supervisor->report().size(), 2, patience);
    QVERIFY(scale({3, 0}));
    QTRY_COMPARE_WITH_TIMEOUT(scaled.size(), 2, patience);
    QCOMPARE(scaled.last().first().toString(), QString());
    QCOMPARE(m_handoffs.size(), 3);
    stop();
}

void TestSupervisorPools::aReloadEndsTheGrowth()
{
    create();
    QSignalSpy scaled(m_supervisor.get(), &Supervisor::scaleFinished);
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    QVERIFY(scale({3, 0}));
    m_settings.workerNum = 3;
    QVERIFY(m_supervisor->reload(m_settings));
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 1, patience);
    QCOMPARE(scaled.size(), 1);
    QCOMPARE(m_supervisor->poolSizes(), (ipc::PoolSizes{3, 0}));
    QCOMPARE(m_supervisor->report().size(), 3);
    stop();
}

QUERN_EPOLL_TEST_MAIN(TestSupervisorPools)
#include "tst_supervisorpools.moc"
