#include "supervisorsupport.h"

#include <QDir>

using namespace ProcessTest;

/// Reloads that replace one child after the other.
class TestSupervisorRolling : public SupervisorTest
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup() { end(); }
    void oneAfterTheOther();
    void companionsAsWell();
    void theFirstFails();
    void aLaterOneFails_data();
    void aLaterOneFails();
    void oneEndsThatHasTakenOver_data();
    void oneEndsThatHasTakenOver();
    void stopMeanwhile_data();
    void stopMeanwhile();

private:
    void createRolling();
    /// So many more children can be started, and the one after them fails.
    void failAfter(int starts);
    QStringList copies() const;
    int processCount() const { return int(pids().size()); }
    /// How many are at work, or are missed.
    int wanted() const;

    int m_serving = 0;
    int m_fewest = 0;
    qsizetype m_most = 0;
};

void TestSupervisorRolling::init()
{
    prepare();
    m_settings.workerNum = 3;
    m_settings.isRolling = true;
    const QByteArray left = m_folder->filePath(QStringLiteral("left")).toUtf8();
    m_settings.workerProgram =
        script(*m_folder, "if [ -f " + left + " ]; then n=$(cat " + left + "); if [ $n -eq 0 ]; then rm " + left +
                              "; exit 3; fi; echo $((n - 1)) > " + left + "; fi; exec " WORKER_PROGRAM " \"$@\"");
}

void TestSupervisorRolling::failAfter(int starts)
{
    QFile file(m_folder->filePath(QStringLiteral("left")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray::number(starts));
}

void TestSupervisorRolling::createRolling()
{
    create();
    QTRY_COMPARE_WITH_TIMEOUT(m_started->size(), 1, patience);
    const auto isWorker = [](ipc::ChildRole role) { return role == ipc::ChildRole::Worker; };
    m_serving = m_fewest = 3;
    m_most = 0;
    connect(m_supervisor.get(), &Supervisor::childReady, this,
            [this, isWorker](const auto &handoff) { m_serving += isWorker(handoff->who.role) ? 1 : 0; });
    connect(m_supervisor.get(), &Supervisor::drainRequested, this, [this, isWorker](quint64 childId) {
        for (const auto &handoff : std::as_const(m_handoffs))
            m_serving -= handoff->childId == childId && isWorker(handoff->who.role) ? 1 : 0;
        m_fewest = std::min(m_fewest, m_serving);
    });
    connect(m_supervisor.get(), &Supervisor::processesChanged, this,
            [this] { m_most = std::max(m_most, pids().size()); });
}

QStringList TestSupervisorRolling::copies() const
{
    return QDir(m_settings.generationsDirectory).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
}

int TestSupervisorRolling::wanted() const
{
    const QList<ChildReport> reports = m_supervisor->report();
    return int(std::count_if(reports.begin(), reports.end(),
                             [](const ChildReport &each) { return each.serves && !each.isSuccessor; }));
}

void TestSupervisorRolling::oneAfterTheOther()
{
    m_settings.taskWorkerNum = 2;
    createRolling();
    QSignalSpy admitted(m_supervisor.get(), &Supervisor::generationAdmitted);
    const QList<qint64> old = pids();
    QVERIFY(m_supervisor->reload());
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 1, patience);
    QCOMPARE(m_reloaded->first().first().toString(), QString());
    QCOMPARE(m_supervisor->generation(), 2);
    QCOMPARE(admitted.size(), 1);
    QCOMPARE(admitted.first().first().toInt(), 2);
    QCOMPARE(m_handoffs.size(), 10);
    QCOMPARE(m_fewest, 3);
    // Of the new ones two are there before any of the old ones leaves; then each waits until the one before has gone.
    QCOMPARE(m_most, 7);
    for (const qint64 pid : old)
        QVERIFY(!isAlive(pid));
    QCOMPARE(copies(), QStringList{QStringLiteral("2")});
    QCOMPARE(m_supervisor->report().size(), 5);
    stop();
}

void TestSupervisorRolling::companionsAsWell()
{
    wantProcess();
    m_settings.workerNum = 3;
    m_settings.processes.first().num = m_settings.plan.processes.first().num = 2;
    createRolling();
    QVERIFY(m_supervisor->reload());
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 1, patience);
    QCOMPARE(m_reloaded->first().first().toString(), QString());
    const auto atWork = [this] {
        int count = 0;
        m_supervisor->forEachAtWork(
            [&](const process::ChildProcess &child) { count += child.spec().generation == 2 ? 1 : 0; });
        return count;
    };
    QTRY_COMPARE_WITH_TIMEOUT(atWork(), 5, patience);
    stop();
}

void TestSupervisorRolling::theFirstFails()
{
    createRolling();
    const QList<qint64> old = pids();
    failAfter(0);
    QVERIFY(m_supervisor->reload());
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 1, patience);
    QVERIFY(m_reloaded->first().first().toString().contains(u"exit code 3"));
    QVERIFY(m_drains.isEmpty());
    QCOMPARE(pids(), old);
    stop();
}

void TestSupervisorRolling::aLaterOneFails_data()
{
    QTest::addColumn<int>("starts");
    QTest::newRow("the second") << 1;
    QTest::newRow("the last") << 2;
}

void TestSupervisorRolling::aLaterOneFails()
{
    QFETCH(const int, starts);
    createRolling();
    failAfter(starts);
    QVERIFY(m_supervisor->reload());
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 1, patience);
    QVERIFY2(m_reloaded->first().first().toString().contains(u"exit code 3"),
             qPrintable(m_reloaded->first().first().toString()));
    QCOMPARE(m_supervisor->generation(), 1);
    QCOMPARE(m_fewest, 3);
    // On the way back as well there is one more than there are to be, and those that are killed beside it.
    QVERIFY2(m_most <= 4, qPrintable(QString::number(m_most)));
    QTRY_COMPARE_WITH_TIMEOUT(processCount(), 3, patience);
    const QList<ChildReport> reports = m_supervisor->report();
    QCOMPARE(reports.size(), 3);
    for (const ChildReport &report : reports) {
        QCOMPARE(report.generation, 1);
        QCOMPARE(report.state, ChildReport::State::Ready);
    }
    QTRY_COMPARE_WITH_TIMEOUT(copies(), QStringList{QStringLiteral("1")}, patience);
    // The next try finds all as it was.
    QVERIFY(m_supervisor->reload());
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 2, patience);
    QCOMPARE(m_reloaded->last().first().toString(), QString());
    QCOMPARE(m_supervisor->generation(), 3);
    stop();
}

void TestSupervisorRolling::oneEndsThatHasTakenOver_data()
{
    QTest::addColumn<int>("signal");
    QTest::addColumn<QString>("error");
    QTest::newRow("killed by somebody else") << SIGKILL << QString();
    QTest::newRow("by its own fault") << SIGABRT << QStringLiteral("ended after it had taken over: signal 6");
}

void TestSupervisorRolling::oneEndsThatHasTakenOver()
{
    QFETCH(const int, signal);
    QFETCH(const QString, error);
    createRolling();
    QSet<int> wantedThen;
    connect(m_supervisor.get(), &Supervisor::processesChanged, this, [&] { wantedThen.insert(wanted()); });
    m_drainAtOnce = false;
    QVERIFY(m_supervisor->reload());
    QTRY_COMPARE_WITH_TIMEOUT(m_drains.size(), 1, patience);
    // Of the next ones that have not been begun nobody speaks.
    QCOMPARE(m_supervisor->report().size(), 4);
    const auto taken = m_handoffs.constLast();
    QCOMPARE(taken->generation, 2);
    QCOMPARE(::kill(pid_t(taken->pid), signal), 0);
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    m_drainAtOnce = true;
    for (int i = 0; i < 3; ++i)
        m_supervisor->drained(m_drains.constFirst());
    QTRY_COMPARE_WITH_TIMEOUT(m_reloaded->size(), 1, patience);
    const QString reloadError = m_reloaded->first().first().toString();
    QVERIFY2(error.isEmpty() ? reloadError.isEmpty() : reloadError.contains(error), qPrintable(reloadError));
    const auto ready = [this] {
        const QList<ChildReport> reports = m_supervisor->report();
        return std::count_if(reports.begin(), reports.end(), [this](const ChildReport &each) {
            return each.generation == m_supervisor->generation() && each.state == ChildReport::State::Ready;
        });
    };
    QTRY_COMPARE_WITH_TIMEOUT(ready(), 3, patience);
    QCOMPARE(m_supervisor->generation(), error.isEmpty() ? 2 : 1);
    QTRY_COMPARE_WITH_TIMEOUT(processCount(), 3, patience);
    QCOMPARE(wantedThen, QSet<int>{3});
    m_supervisor->disconnect(this);
    stop();
}

void TestSupervisorRolling::stopMeanwhile_data()
{
    QTest::addColumn<int>("drains");
    QTest::newRow("while the first starts") << 0;
    QTest::newRow("when one has taken over") << 1;
    QTest::newRow("when two have") << 2;
}

void TestSupervisorRolling::stopMeanwhile()
{
    QFETCH(const int, drains);
    createRolling();
    QSignalSpy left(m_supervisor.get(), &Supervisor::companionsLeft);
    // One that does not leave holds up the others.
    m_drainAtOnce = false;
    QVERIFY(m_supervisor->reload());
    for (int drain = 1; drain <= drains; ++drain) {
        QTRY_COMPARE_WITH_TIMEOUT(m_drains.size(), drain, patience);
        for (int i = 0; drain < drains && i < 3; ++i)
            m_supervisor->drained(m_drains.constLast());
    }
    QTRY_VERIFY_WITH_TIMEOUT(processCount() > 3, patience);
    m_supervisor->leaveCompanions();
    QTRY_COMPARE_WITH_TIMEOUT(left.size(), 1, patience);
    QCOMPARE(m_reloaded->size(), 1);
    QCOMPARE(m_reloaded->first().first().toString(), QStringLiteral("the server stops"));
    stop();
    m_supervisor.reset();
    QVERIFY(copies().isEmpty());
}

QUERN_EPOLL_TEST_MAIN(TestSupervisorRolling)
#include "tst_supervisorrolling.moc"
