#include "epolltestmain.h"

#include "brokersupport.h"
#include "taskstoresupport.h"

#include <QSignalSpy>

#include <chrono>
#include <limits>

using namespace Quern;
using namespace Quern::tasks;
using namespace Qt::Literals::StringLiterals;
using ipc::ChildRole;

/// Task workers that stand still, and the end of the server.
class TestBrokerFaults : public QObject, private BrokerBench
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_hasDatabase = true;
        start();
    }
    void cleanup() { end(); }
    void aFrozenTaskWorkerHoldsNothing();
    void aFrozenTaskWorkerIsGivenUp_data();
    void aFrozenTaskWorkerIsGivenUp();
    void whoLooksFrozenIsLeftAlone_data();
    void whoLooksFrozenIsLeftAlone();
    void stopHandsOutNothing();
    void whatAStopInterruptsWaits_data();
    void whatAStopInterruptsWaits();
    void closeKeepsDeadLettersOfMemory();

private:
    /// The tasks that wait in the database after the end, and how often each was tried.
    QHash<quint64, quint32> left();
};

void TestBrokerFaults::aFrozenTaskWorkerHoldsNothing()
{
    m_first->setQuick();
    for (quint64 id = 1; id <= 3; ++id)
        m_worker->deliver(id, "mail");
    TRY_COMPARE(m_first->got.size(), 3, patience);
    m_second = std::make_unique<FakeChild>(*m_broker, 3, ipc::ChildIdentity{ChildRole::TaskWorker, 1});
    m_second->setQuick();
    TRY_COMPARE(m_second->ids(), (QList<quint64>{1, 2, 3}), patience);
    QVERIFY(!m_first->begin(0));
    for (qsizetype place = 0; place < 3; ++place) {
        QVERIFY(m_second->begin(place));
        m_second->end(place);
    }
    TRY_COMPARE(m_broker->counters().done.load(), 3u, patience);
    // It gets nothing before it goes on, and then it does again.
    m_broker->drain(3);
    m_worker->deliver(4, "mail", ipc::WantsAnswer);
    TRY_COMPARE(m_worker->got.size(), 1, patience);
    QVERIFY(!becomesTrue([this] { return m_first->got.size() > 3; }, std::chrono::milliseconds(100)));
    m_first->turnLoop();
    TRY_COMPARE(m_first->got.size(), 4, patience);
    QVERIFY(m_first->begin(3));
}

void TestBrokerFaults::aFrozenTaskWorkerIsGivenUp_data()
{
    QTest::addColumn<bool>("hasOther");
    QTest::addColumn<bool>("hasEnded");
    QTest::newRow("alone") << false << false;
    QTest::newRow("with another") << true << false;
    QTest::newRow("with an end on its way") << false << true;
}

void TestBrokerFaults::aFrozenTaskWorkerIsGivenUp()
{
    QFETCH(const bool, hasOther);
    QFETCH(const bool, hasEnded);
    BrokerSettings settings = settingsFor(2);
    settings.standstillLimit = std::chrono::milliseconds(300);
    m_broker->reconfigure(settings);
    QSignalSpy stuck(m_broker.get(), &Broker::childStuck);
    m_first->setQuick();
    // What it has not begun is no reason to wait for as long as that may run.
    m_worker->deliver(1, "mail", 0, 1, 60'000);
    m_worker->deliver(2, "mail", 0, 1, 60'000);
    TRY_COMPARE(m_first->got.size(), 2, patience);
    if (hasEnded) {
        QVERIFY(m_first->begin(0));
        m_first->endUnheard(0, false);
        m_first->leaveStack();
    }
    if (hasOther)
        m_second = std::make_unique<FakeChild>(*m_broker, 3, ipc::ChildIdentity{ChildRole::TaskWorker, 1});
    TRY_COMPARE(stuck.size(), 1, patience);
    QCOMPARE(stuck.at(0).at(0).toULongLong(), 2u);
    QVERIFY2(stuck.at(0).at(1).toString().contains(u"stood still"), qPrintable(stuck.at(0).at(1).toString()));
    m_broker->childDied(2, u"killed: …"_s, false);
    m_first = std::make_unique<FakeChild>(*m_broker, 4, ipc::ChildIdentity{ChildRole::TaskWorker, 0});
    m_first->setQuick();
    FakeChild &last = hasOther ? *m_second : *m_first;
    TRY_COMPARE(last.ids(),
                (hasEnded   ? QList<quint64>{2}
                 : hasOther ? QList<quint64>{1}
                            : QList<quint64>{1, 2}),
                patience);
    QCOMPARE(m_broker->counters().failed.load(), 0u);
    QCOMPARE(stuck.size(), 1);
}

void TestBrokerFaults::whoLooksFrozenIsLeftAlone_data()
{
    QTest::addColumn<QString>("state");
    for (const char *state : {"busy with messages", "draining", "runs a task", "without tasks"})
        QTest::newRow(state) << QString::fromLatin1(state);
}

void TestBrokerFaults::whoLooksFrozenIsLeftAlone()
{
    QFETCH(const QString, state);
    BrokerSettings settings = settingsFor(2);
    settings.standstillLimit = std::chrono::milliseconds(200);
    m_broker->reconfigure(settings);
    QSignalSpy stuck(m_broker.get(), &Broker::childStuck);
    m_first->setQuick();
    if (state != u"without tasks") {
        m_worker->deliver(1, "mail");
        TRY_COMPARE(m_first->got.size(), 1, patience);
    }
    if (state == u"draining" || state == u"runs a task")
        QVERIFY(m_first->begin(0));
    if (state == u"draining") {
        m_first->leaveStack();
        m_broker->drain(2);
    }
    const bool isBusy = state == u"busy with messages";
    QVERIFY(!becomesTrue(
        [&] {
            if (isBusy)
                m_first->turnLoop();
            return !stuck.isEmpty();
        },
        std::chrono::milliseconds(600)));
}

void TestBrokerFaults::stopHandsOutNothing()
{
    QSignalSpy stopped(m_broker.get(), &Broker::stopped);
    m_first->setQuick();
    m_worker->deliver(1, "mail");
    m_worker->deliver(2, "mail");
    TRY_COMPARE(m_first->got.size(), 2, patience);
    QVERIFY(m_first->begin(0));
    m_broker->stop();
    m_worker->deliver(3, "mail", ipc::WantsAnswer);
    TRY_COMPARE(m_worker->got.size(), 1, patience);
    QVERIFY(stopped.isEmpty());
    QVERIFY(!m_first->begin(1));
    m_first->end(0);
    TRY_COMPARE(stopped.size(), 1, patience);
    QCOMPARE(m_first->got.size(), 2);
}

QHash<quint64, quint32> TestBrokerFaults::left()
{
    m_broker.reset();
    Answers answers;
    QHash<quint64, quint32> found;
    const auto store = SqliteStore::open(m_folder->filePath(u"tasks.db"_s), {}, answers, *m_spill);
    std::vector<const TaskRecord *> taken;
    if (store)
        (*store)->takeDue(std::numeric_limits<qint64>::max(), 1000, taken);
    for (const TaskRecord *record : taken)
        found.insert(record->id, record->attempts);
    return found;
}

void TestBrokerFaults::whatAStopInterruptsWaits_data()
{
    QTest::addColumn<bool>("isHeardOf");
    QTest::addColumn<bool>("isOwnFault");
    QTest::newRow("killed") << true << false;
    QTest::newRow("killed unheard") << false << false;
    QTest::newRow("crashed") << true << true;
}

void TestBrokerFaults::whatAStopInterruptsWaits()
{
    QFETCH(const bool, isHeardOf);
    QFETCH(const bool, isOwnFault);
    m_first->setQuick();
    m_worker->deliver(1, "mail", ipc::VolatileTask | ipc::WantsFinish);
    m_worker->deliver(2, "mail", ipc::VolatileTask);
    m_worker->deliver(3, "mail", ipc::DurableTask);
    TRY_COMPARE(m_first->got.size(), 3, patience);
    const qsizetype place = m_first->ids().indexOf(1);
    for (qsizetype i = 0; i <= place; ++i)
        QVERIFY(m_first->begin(i));
    m_broker->stop();
    if (isHeardOf)
        m_broker->childDied(2, u"killed: it did not stop in time"_s, isOwnFault);
    m_broker->close();
    QCOMPARE(m_broker->counters().buried.load(), isOwnFault ? 1u : 0u);
    QHash<quint64, quint32> expected = {{1, 0}, {2, 0}, {3, 0}};
    if (isOwnFault)
        expected.remove(1);
    QCOMPARE(left(), expected);
}

void TestBrokerFaults::closeKeepsDeadLettersOfMemory()
{
    for (const bool hasDatabase : {true, false}) {
        if (!hasDatabase) {
            end();
            m_hasDatabase = false;
            start();
        }
        m_worker->deliver(1, "mail", ipc::VolatileTask);
        TRY_COMPARE(m_first->got.size(), 1, patience);
        QVERIFY(m_first->begin(0));
        m_first->end(0, ipc::TaskOutcome::Failed, "no grain");
        TRY_COMPARE(m_broker->counters().memory.dead.load(), 1u, patience);
        m_broker->stop();
        if (hasDatabase)
            QTest::ignoreMessage(QtInfoMsg, "1 dead letter in memory is kept in the database");
        else
            QTest::ignoreMessage(QtWarningMsg, "1 dead letter in memory ends with the server: there is no database to "
                                               "keep it");
        m_broker->close();
        m_broker.reset();
        Answers answers;
        const auto store = SqliteStore::open(m_folder->filePath(u"tasks.db"_s), {}, answers, *m_spill);
        QVERIFY(store);
        QCOMPARE((*store)->counts(0).dead, hasDatabase ? 1 : 0);
    }
}

QUERN_EPOLL_TEST_MAIN(TestBrokerFaults)
#include "tst_brokerfaults.moc"
