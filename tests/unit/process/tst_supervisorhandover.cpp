#include "processsupport.h"

#include <QDir>

using namespace ProcessTest;
using namespace Quern;
using namespace std::chrono_literals;
using process::ChildReport;
using process::Supervisor;
using process::SupervisorSettings;

/// A supervisor whose server takes the place of another, or gives way to one.
class TestSupervisorHandover : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void theFirstGenerationWaits();
    void oneThatDiesWhileItWaits();
    void companionsComeBack();
    void aReplacementIsMadeUpFor();
    void whatDoesNotLeaveIsKilled();
    void foldersOfTheNextServerStay();

private:
    void create();
    void start();
    QList<ChildReport> processes() const;

    QTemporaryDir m_folder;
    SupervisorSettings m_settings;
    std::unique_ptr<Supervisor> m_supervisor;
};

void TestSupervisorHandover::init()
{
    m_settings = {};
    m_settings.workerProgram = QStringLiteral(WORKER_PROGRAM);
    m_settings.generationsDirectory = m_folder.filePath(QStringLiteral("generations"));
    m_settings.plugins = {{QStringLiteral(WORKLAB_PLUGIN), {}}};
    process::ProcessPool pool;
    pool.name = QStringLiteral("ticker");
    m_settings.processes = {pool};
    ipc::ProcessEntry entry;
    entry.name = entry.handler = pool.name;
    entry.parameters = {{QStringLiteral("pause"), 600'000}}; // there is no broker that would take what it writes
    m_settings.plan.processes = {entry};
}

void TestSupervisorHandover::cleanup()
{
    m_supervisor.reset();
}

void TestSupervisorHandover::create()
{
    m_supervisor = std::make_unique<Supervisor>(m_settings);
}

void TestSupervisorHandover::start()
{
    create();
    const QSignalSpy started(m_supervisor.get(), &Supervisor::started);
    m_supervisor->start();
    QTRY_COMPARE_WITH_TIMEOUT(started.size(), 1, patience);
}

/// The custom processes that there are.
QList<ChildReport> TestSupervisorHandover::processes() const
{
    QList<ChildReport> found = m_supervisor->report();
    found.removeIf([](const ChildReport &report) { return report.who.role != ipc::ChildRole::Process || !report.pid; });
    return found;
}

void TestSupervisorHandover::theFirstGenerationWaits()
{
    m_settings.firstGeneration = 5;
    create();
    m_supervisor->hold();
    const QSignalSpy proven(m_supervisor.get(), &Supervisor::proven);
    const QSignalSpy started(m_supervisor.get(), &Supervisor::started);
    const QSignalSpy announced(m_supervisor.get(), &Supervisor::childReady);
    m_supervisor->start();
    QTRY_COMPARE_WITH_TIMEOUT(proven.size(), 1, patience);
    QVERIFY(started.isEmpty());
    QVERIFY(announced.isEmpty());
    m_supervisor->activate();
    QCOMPARE(started.size(), 1);
    QCOMPARE(announced.size(), 2);
    QCOMPARE(m_supervisor->generation(), 5);
    QCOMPARE(proven.size(), 1);
}

void TestSupervisorHandover::oneThatDiesWhileItWaits()
{
    create();
    m_supervisor->hold();
    const QSignalSpy proven(m_supervisor.get(), &Supervisor::proven);
    const QSignalSpy failed(m_supervisor.get(), &Supervisor::startFailed);
    m_supervisor->start();
    QTRY_COMPARE_WITH_TIMEOUT(proven.size(), 1, patience);
    QCOMPARE(::kill(pid_t(m_supervisor->report().first().pid), SIGKILL), 0);
    QTRY_COMPARE_WITH_TIMEOUT(failed.size(), 1, patience);
    m_supervisor->activate();
    QCOMPARE(m_supervisor->generation(), 0);
}

void TestSupervisorHandover::companionsComeBack()
{
    start();
    const QSignalSpy left(m_supervisor.get(), &Supervisor::companionsLeft);
    const qint64 first = processes().first().pid;
    m_supervisor->leaveCompanions();
    QTRY_COMPARE_WITH_TIMEOUT(left.size(), 1, patience);
    QVERIFY(processes().isEmpty());
    QVERIFY(!m_supervisor->reload());
    m_supervisor->returnCompanions();
    QTRY_VERIFY_WITH_TIMEOUT(!processes().isEmpty() && processes().first().state == ChildReport::State::Ready,
                             patience);
    QVERIFY(processes().first().pid != first);
    QVERIFY(m_supervisor->reload());
    // They may leave once more.
    m_supervisor->leaveCompanions();
    QTRY_COMPARE_WITH_TIMEOUT(left.size(), 2, patience);
}

void TestSupervisorHandover::aReplacementIsMadeUpFor()
{
    m_settings.processes.clear();
    m_settings.plan.processes.clear();
    start();
    const QSignalSpy left(m_supervisor.get(), &Supervisor::companionsLeft);
    const quint64 old = m_supervisor->childNamed(QStringLiteral("worker 0"));
    const auto recycle = [&] {
        return m_supervisor->recycle(old, process::RestartReason::UsedUp, QStringLiteral("it is old"));
    };
    QVERIFY(recycle());
    QCOMPARE(m_supervisor->report().size(), 2);
    m_supervisor->leaveCompanions(Supervisor::Leave::AllButWorkers);
    QVERIFY(!recycle());
    QTRY_VERIFY_WITH_TIMEOUT(left.size() == 1 && m_supervisor->report().size() == 1, patience);
    QCOMPARE(m_supervisor->childNamed(QStringLiteral("worker 0")), old);
    // The server goes on after all, and nobody asks again.
    m_supervisor->returnCompanions();
    QTRY_VERIFY_WITH_TIMEOUT(m_supervisor->childNamed(QStringLiteral("worker 0")) != old, patience);
}

void TestSupervisorHandover::whatDoesNotLeaveIsKilled()
{
    start();
    const QSignalSpy left(m_supervisor.get(), &Supervisor::companionsLeft);
    const QSignalSpy exited(m_supervisor.get(), &Supervisor::childExited);
    QCOMPARE(::kill(pid_t(processes().first().pid), SIGSTOP), 0);
    m_supervisor->leaveCompanions();
    QCoreApplication::processEvents();
    QVERIFY(left.isEmpty());
    m_supervisor->killLeaving(QStringLiteral("of the test"));
    QTRY_COMPARE_WITH_TIMEOUT(left.size(), 1, patience);
    // The worker, which does nothing, is none of those.
    QCOMPARE(exited.size(), 1);
}

void TestSupervisorHandover::foldersOfTheNextServerStay()
{
    start();
    QVERIFY(QDir(m_settings.generationsDirectory).exists(QStringLiteral("1")));
    QVERIFY(QDir(m_settings.generationsDirectory).mkpath(QStringLiteral("2/0")));
    m_supervisor->handOver();
    m_supervisor.reset();
    QVERIFY(!QDir(m_settings.generationsDirectory).exists(QStringLiteral("1")));
    QVERIFY(QDir(m_settings.generationsDirectory).exists(QStringLiteral("2/0")));
}

QUERN_EPOLL_TEST_MAIN(TestSupervisorHandover)
#include "tst_supervisorhandover.moc"
