#include "epolltestmain.h"

#include "brokersupport.h"
#include "taskstoresupport.h"

#include <QSignalSpy>

#include <chrono>

using namespace Quern;
using namespace Quern::tasks;
using namespace Qt::Literals::StringLiterals;
using ipc::ChildRole;
using ipc::FrameType;

class TestBroker : public QObject, private BrokerBench
{
    Q_OBJECT

private Q_SLOTS:
    void init() { start(); }
    void cleanup() { end(); }
    void roundTrip();
    void answersAndRefusals();
    void triesAndDeadLetters();
    void whatADeadTaskWorkerHadNotBegun();
    void killedTaskWorkersCostDurableTasksNoTry();
    void ownFaultsCostATry();
    void quickTasksDoNotWaitBehindASlowOne();
    void overdueTaskIsToldOnce();
    void nothingDiesWithAnOverdueTask();
    void drainWaitsForWhatRuns();
    void usedUpTaskWorker();
    void generations();
    void deliverersOfTheGenerationBefore();
    void eventsGoOnWhereTheyFailed();
    void delayedTasksWaitInTheDatabase();
    void priorityHoldsOverBothStores();
    void successorOfTheDeliverer();
    void whatEndsBeforeTheSuccessorIsThere();
    void resultThatNobodyHears();
    void resultThatIsNotThere();
    void resultsForOneWhoTakesNothing();
    void whatADeadTaskWorkerHadDone();
};

void TestBroker::roundTrip()
{
    m_worker->deliver(7, "mail", ipc::WantsFinish | ipc::MapPayload);
    TRY_COMPARE(m_first->got.size(), 1, patience);
    const auto run = ipc::decodeRunTask(m_first->got.at(0).payload);
    QVERIFY(run);
    QCOMPARE(m_first->got.at(0).id, 7u);
    QCOMPARE(run->name, QByteArrayView("mail"));
    QCOMPARE(run->payload, QByteArrayView("payload"));
    QCOMPARE(int(run->flags), int(ipc::WantsFinish | ipc::MapPayload));
    QVERIFY(m_first->begin(0));
    m_first->end(0, ipc::TaskOutcome::Done, "result");
    TRY_COMPARE(m_worker->got.size(), 1, patience);
    const auto finished = ipc::decodeTaskFinished(m_worker->got.at(0).payload);
    QVERIFY(finished);
    QCOMPARE(finished->result, QByteArrayView("result"));
    QCOMPARE(int(finished->code), 0);
    QCOMPARE(m_broker->counters().done.load(), 1u);
}

void TestBroker::answersAndRefusals()
{
    m_worker->deliver(1, "mail", ipc::WantsAnswer | ipc::DurableTask, 1, 0, "key");
    m_worker->deliver(2, "mail", ipc::WantsAnswer | ipc::DurableTask, 1, 0, "key");
    TRY_COMPARE(m_worker->got.size(), 2, patience);
    for (const FakeChild::Got &answer : std::as_const(m_worker->got)) {
        QCOMPARE(answer.type, FrameType::DeliverAnswer);
        const Result<void> outcome = ipc::decodeDeliverAnswer(answer.payload);
        QCOMPARE(outcome.ok(), answer.id == 1);
        if (!outcome)
            QCOMPARE(outcome.error().code(), Error::Exists);
    }
    // A store in memory that is full: whoever wants to hear of the end hears of that; the others of the refusal.
    for (quint64 id = 10; id < 16; ++id)
        m_worker->deliver(id, "mail", ipc::VolatileTask | (id == 15 ? ipc::WantsFinish : 0));
    m_worker->deliver(16, "mail", ipc::VolatileTask);
    TRY_COMPARE(m_worker->got.size(), 4, patience);
    QCOMPARE(m_worker->got.at(2).id, 15u);
    QCOMPARE(m_worker->got.at(2).type, FrameType::TaskFinished);
    QCOMPARE(int(ipc::decodeTaskFinished(m_worker->got.at(2).payload)->code), int(Error::Busy + 1));
    QCOMPARE(m_worker->got.at(3).type, FrameType::DeliverAnswer);
    QCOMPARE(ipc::decodeDeliverAnswer(m_worker->got.at(3).payload).error().code(), Error::Busy);
    QCOMPARE(m_broker->counters().refused.load(), 3u);
}

void TestBroker::triesAndDeadLetters()
{
    for (const quint8 store : {ipc::VolatileTask, ipc::DurableTask}) {
        const qsizetype before = m_first->got.size(), heard = m_worker->got.size();
        const quint64 dead = deadLetters();
        m_worker->deliver(store, "mail", quint8(store | ipc::WantsFinish), 2);
        for (int attempt = 1; attempt <= 2; ++attempt) {
            TRY_COMPARE(m_first->got.size(), before + attempt, patience);
            QCOMPARE(int(ipc::decodeRunTask(m_first->got.constLast().payload)->attempt), attempt);
            QVERIFY(m_first->begin(before + attempt - 1));
            m_first->end(before + attempt - 1, ipc::TaskOutcome::Failed, "no paper");
        }
        TRY_COMPARE(m_worker->got.size(), heard + 1, patience);
        const auto finished = ipc::decodeTaskFinished(m_worker->got.constLast().payload);
        QCOMPARE(finished->error, QByteArrayView("no paper"));
        QCOMPARE(int(finished->attempts), 2);
        TRY_COMPARE(deadLetters(), dead + 1, patience);
    }
    // Nobody handles it: the tries that are left would be in vain.
    const qsizetype before = m_first->got.size();
    m_worker->deliver(99, "mail", ipc::VolatileTask, 5);
    TRY_COMPARE(m_first->got.size(), before + 1, patience);
    QVERIFY(m_first->begin(before));
    m_first->end(before, ipc::TaskOutcome::Hopeless, "no plugin handles it");
    TRY_COMPARE(deadLetters(), 3u, patience);
}

void TestBroker::whatADeadTaskWorkerHadNotBegun()
{
    m_first->setQuick();
    for (quint64 id = 1; id <= 4; ++id)
        m_worker->deliver(id, "mail", ipc::WantsFinish);
    TRY_COMPARE(m_first->got.size(), 4, patience);
    QVERIFY(m_first->begin(0));
    m_broker->childDied(2, u"signal 11"_s, true);
    m_second = std::make_unique<FakeChild>(*m_broker, 3, ipc::ChildIdentity{ChildRole::TaskWorker, 1});
    m_second->setQuick();
    TRY_COMPARE(m_second->got.size(), 3, patience);
    QCOMPARE(m_second->ids(), (QList<quint64>{2, 3, 4}));
    // The one that had begun has had its only try.
    TRY_COMPARE(m_worker->got.size(), 1, patience);
    QCOMPARE(m_worker->got.at(0).id, 1u);
    const auto finished = ipc::decodeTaskFinished(m_worker->got.at(0).payload);
    QCOMPARE(int(finished->code), int(Error::Unavailable + 1));
    QCOMPARE(finished->error, QByteArrayView("task worker 0 died: signal 11"));
    // Nor can the dead one begin another.
    QVERIFY(!m_first->begin(1));
}

void TestBroker::killedTaskWorkersCostDurableTasksNoTry()
{
    m_worker->deliver(1, "mail", ipc::DurableTask);
    for (quint64 childId = 2; childId < 5; ++childId) {
        TRY_COMPARE(m_first->got.size(), 1, patience);
        QCOMPARE(int(ipc::decodeRunTask(m_first->got.at(0).payload)->attempt), 1);
        QVERIFY(m_first->begin(0));
        m_broker->childDied(childId, u"signal 9"_s, false);
        m_first = std::make_unique<FakeChild>(*m_broker, childId + 1, ipc::ChildIdentity{ChildRole::TaskWorker, 0});
    }
    // Three times is enough: it may be the task after all.
    TRY_COMPARE(m_first->got.size(), 1, patience);
    QVERIFY(m_first->begin(0));
    m_broker->childDied(5, u"signal 9"_s, false);
    TRY_COMPARE(deadLetters(), 1u, patience);
}

void TestBroker::ownFaultsCostATry()
{
    m_worker->deliver(1, "mail", ipc::DurableTask);
    TRY_COMPARE(m_first->got.size(), 1, patience);
    QVERIFY(m_first->begin(0));
    m_broker->childDied(2, u"signal 11"_s, true);
    TRY_COMPARE(deadLetters(), 1u, patience);
}

void TestBroker::quickTasksDoNotWaitBehindASlowOne()
{
    m_first->setQuick();
    for (quint64 id = 1; id <= 3; ++id)
        m_worker->deliver(id, "mail");
    TRY_COMPARE(m_first->got.size(), 3, patience);
    QVERIFY(m_first->begin(0));
    m_second = std::make_unique<FakeChild>(*m_broker, 3, ipc::ChildIdentity{ChildRole::TaskWorker, 1});
    m_second->setQuick();
    TRY_COMPARE(m_second->got.size(), 2, patience);
    QCOMPARE(m_second->ids(), (QList<quint64>{2, 3}));
    QVERIFY(!m_first->begin(1));
    // When the slow one has ended, it gets tasks again.
    m_first->end(0);
    m_worker->deliver(4, "mail");
    TRY_COMPARE(m_first->got.size(), 4, patience);
    QVERIFY(m_first->begin(3));
}

void TestBroker::overdueTaskIsToldOnce()
{
    QSignalSpy stuck(m_broker.get(), &Broker::childStuck);
    m_worker->deliver(1, "mail", ipc::WantsFinish, 1, 50);
    TRY_COMPARE(m_first->got.size(), 1, patience);
    QVERIFY(m_first->begin(0));
    TRY_COMPARE(stuck.size(), 1, patience);
    QVERIFY(stuck.at(0).at(1).toString().contains(u"longer than its timeout of 50 ms"));
    m_broker->childDied(2, u"killed: …"_s, false);
    TRY_COMPARE(m_worker->got.size(), 1, patience);
    QCOMPARE(int(ipc::decodeTaskFinished(m_worker->got.at(0).payload)->code), int(Error::Timeout + 1));
    QCOMPARE(stuck.size(), 1);
}

void TestBroker::nothingDiesWithAnOverdueTask()
{
    QSignalSpy stuck(m_broker.get(), &Broker::childStuck);
    m_first->setQuick();
    m_worker->deliver(1, "mail", 0, 1, 1);
    m_worker->deliver(2, "mail");
    TRY_COMPARE(m_first->got.size(), 2, patience);
    QVERIFY(m_first->begin(0));
    // Its time is over before it would hold anybody up.
    const auto isTold = [&] {
        m_first->seemsToRunFor(std::chrono::milliseconds(5));
        return !stuck.isEmpty();
    };
    QVERIFY(becomesTrue(isTold, std::chrono::milliseconds(patience)));
    QVERIFY(!m_first->begin(1));
}

void TestBroker::drainWaitsForWhatRuns()
{
    QSignalSpy drained(m_broker.get(), &Broker::childDrained);
    m_broker->drain(1);
    QCOMPARE(drained.size(), 1); // a worker has no tasks
    m_first->setQuick();
    m_worker->deliver(1, "mail");
    m_worker->deliver(2, "mail");
    TRY_COMPARE(m_first->got.size(), 2, patience);
    QVERIFY(m_first->begin(0));
    m_broker->drain(2);
    QCOMPARE(drained.size(), 1);
    QVERIFY(!m_first->begin(1));
    m_first->end(0);
    TRY_COMPARE(drained.size(), 2, patience);
    m_second = std::make_unique<FakeChild>(*m_broker, 3, ipc::ChildIdentity{ChildRole::TaskWorker, 1});
    TRY_COMPARE(m_second->ids(), QList<quint64>{2}, patience);
    QCOMPARE(m_first->got.size(), 2);
}

void TestBroker::usedUpTaskWorker()
{
    QSignalSpy usedUp(m_broker.get(), &Broker::childUsedUp);
    for (qsizetype i = 0; i < 4; ++i) {
        m_worker->deliver(quint64(i + 1), "mail");
        TRY_COMPARE(m_first->got.size(), i + 1, patience);
        QCOMPARE(usedUp.size(), i < 3 ? 0 : 1);
        QVERIFY(m_first->begin(i));
        m_first->end(i);
    }
    TRY_COMPARE(m_broker->counters().done.load(), 4u, patience);
    QCOMPARE(usedUp.size(), 1);
    QCOMPARE(usedUp.at(0).at(0).toULongLong(), 2u);
}

void TestBroker::generations()
{
    m_second = std::make_unique<FakeChild>(*m_broker, 3, ipc::ChildIdentity{ChildRole::TaskWorker, 0}, 2);
    m_worker->deliver(1, "mail");
    TRY_COMPARE(m_first->got.size(), 1, patience);
    m_broker->activate(2);
    m_worker->deliver(2, "mail");
    TRY_COMPARE(m_second->got.size(), 1, patience);
    QCOMPARE(m_first->got.size(), 1);
    QVERIFY(m_first->begin(0)); // it keeps what it has
}

void TestBroker::deliverersOfTheGenerationBefore()
{
    m_first->setQuick();
    m_worker->deliver(1, "mail", ipc::WantsFinish);
    m_worker->deliver(2, "mail", ipc::WantsFinish);
    TRY_COMPARE(m_first->got.size(), 2, patience);
    const FakeChild next(*m_broker, 8, {ChildRole::Worker, 0}, 2);
    m_broker->activate(2);
    QVERIFY(m_first->begin(0));
    m_first->end(0);
    // It still has requests that wait for it.
    TRY_COMPARE(m_worker->ids(), QList<quint64>{1}, patience);
    QVERIFY(next.got.isEmpty());
    // It has none any more, and nothing reaches it behind the answer to its farewell.
    m_worker->leave(7);
    TRY_COMPARE(m_worker->ids(), (QList<quint64>{1, 7}), patience);
    QVERIFY(m_first->begin(1));
    m_first->end(1);
    TRY_COMPARE(next.ids(), QList<quint64>{2}, patience);
    QCOMPARE(m_worker->got.size(), 2);
    m_broker.reset();
}

void TestBroker::eventsGoOnWhereTheyFailed()
{
    for (const quint8 store : {ipc::VolatileTask, ipc::DurableTask}) {
        const qsizetype before = m_first->got.size();
        m_worker->deliver(store, "paid", quint8(store | ipc::EventTask), 2);
        TRY_COMPARE(m_first->got.size(), before + 1, patience);
        QVERIFY(m_first->begin(before));
        m_first->end(before, ipc::TaskOutcome::Failed, "listener 3", 0, 2);
        TRY_COMPARE(m_first->got.size(), before + 2, patience);
        QCOMPARE(ipc::decodeRunTask(m_first->got.constLast().payload)->resumeAt, 2u);
        QVERIFY(m_first->begin(before + 1));
        m_first->end(before + 1);
    }
}

void TestBroker::delayedTasksWaitInTheDatabase()
{
    ipc::DeliverMessage message;
    message.name = "mail";
    message.delayMs = 60'000;
    m_worker->deliver(1, message);
    message.flags = ipc::VolatileTask;
    m_worker->deliver(2, message);
    const BrokerCounters &counters = m_broker->counters();
    TRY_COMPARE(counters.delivered.load(), 2u, patience);
    TRY_COMPARE(counters.database.delayed.load(), 1u, patience);
    TRY_COMPARE(counters.memory.delayed.load(), 1u, patience);
}

void TestBroker::priorityHoldsOverBothStores()
{
    m_broker->drain(2);
    ipc::DeliverMessage message;
    message.name = "mail";
    for (const auto &[id, priority, flags] : {std::tuple(1, 3, ipc::VolatileTask),
                                              {2, 7, ipc::DurableTask},
                                              {3, 9, ipc::VolatileTask},
                                              {4, 5, ipc::DurableTask}}) {
        message.priority = quint8(priority);
        message.flags = flags;
        m_worker->deliver(quint64(id), message);
    }
    TRY_COMPARE(m_broker->counters().delivered.load(), 4u, patience);
    m_second = std::make_unique<FakeChild>(*m_broker, 3, ipc::ChildIdentity{ChildRole::TaskWorker, 1});
    m_second->setQuick();
    TRY_COMPARE(m_second->ids(), (QList<quint64>{3, 2, 4, 1}), patience);
}

void TestBroker::successorOfTheDeliverer()
{
    m_worker->deliver(1, "mail", ipc::WantsFinish);
    TRY_COMPARE(m_first->got.size(), 1, patience);
    m_broker->childDied(1, u"signal 9"_s, false);
    FakeChild other(*m_broker, 8, {ChildRole::Worker, 1});
    FakeChild successor(*m_broker, 9, {ChildRole::Worker, 0});
    QVERIFY(m_first->begin(0));
    m_first->end(0);
    TRY_COMPARE(successor.got.size(), 1, patience);
    QCOMPARE(other.got.size(), 0);
    m_broker.reset();
}

void TestBroker::whatEndsBeforeTheSuccessorIsThere()
{
    m_first->setQuick();
    for (quint64 id = 1; id <= 3; ++id)
        m_worker->deliver(id, "mail", ipc::WantsFinish);
    TRY_COMPARE(m_first->got.size(), 3, patience);
    // Its end is known before its death is.
    m_worker.reset();
    for (qsizetype place = 0; place < 2; ++place) {
        QVERIFY(m_first->begin(place));
        m_first->end(place);
    }
    TRY_COMPARE(m_broker->counters().done.load(), 2u, patience);
    m_broker->childDied(1, u"signal 9"_s, false);
    QVERIFY(m_first->begin(2));
    m_first->end(2);
    TRY_COMPARE(m_broker->counters().done.load(), 3u, patience);
    // One of the next generation hears of it when its time has come.
    FakeChild other(*m_broker, 8, {ChildRole::Worker, 1}, 2);
    FakeChild successor(*m_broker, 9, {ChildRole::Worker, 0}, 2);
    m_broker->activate(2);
    TRY_COMPARE(successor.ids(), (QList<quint64>{1, 2, 3}), patience);
    QCOMPARE(other.got.size(), 0);
    m_broker->activate(2);
    m_broker.reset();
    QCOMPARE(successor.got.size(), 3);
}

void TestBroker::resultThatIsNotThere()
{
    m_first->setQuick();
    m_worker->deliver(1, "mail", ipc::WantsFinish, 5);
    m_worker->deliver(2, "mail", ipc::WantsFinish, 5);
    TRY_COMPARE(m_first->got.size(), 2, patience);
    QVERIFY(m_first->begin(0));
    m_first->endWithoutResult(0, "the disk is full");
    QVERIFY(m_first->begin(1));
    m_first->end(1, ipc::TaskOutcome::TooLarge, "it has too many bytes");
    TRY_COMPARE(m_worker->got.size(), 2, patience);
    const std::pair<Error::Code, QByteArray> expected[] = {{Error::Io, "the disk is full"},
                                                           {Error::TooLarge, "it has too many bytes"}};
    for (qsizetype i = 0; i < 2; ++i) {
        const auto finished = ipc::decodeTaskFinished(m_worker->got.at(i).payload);
        QCOMPARE(int(finished->code), int(expected[i].first + 1));
        QCOMPARE(finished->error, QByteArrayView(expected[i].second));
    }
    // The one is done; the other needs no further try.
    TRY_COMPARE(m_broker->counters().memory.dead.load(), 1u, patience);
    QCOMPARE(m_broker->counters().done.load(), 1u);
    QCOMPARE(m_broker->counters().retried.load(), 0u);
}

void TestBroker::resultsForOneWhoTakesNothing()
{
    BrokerSettings settings = settingsFor(2);
    settings.mostUntaken = 100;
    m_broker->reconfigure(settings);
    m_first->setQuick();
    for (quint64 id = 1; id <= 4; ++id)
        m_worker->deliver(id, "mail", ipc::WantsFinish, 5);
    TRY_COMPARE(m_first->got.size(), 4, patience);
    // All arrive in one turn, so that nothing of them leaves before the last.
    const QByteArray result(200, 'x');
    const QByteArray ends[] = {result, result, {}, result};
    for (qsizetype i = 0; i < 4; ++i) {
        QVERIFY(m_first->begin(i));
        const quint8 flags = i == 3 ? ipc::SpilledPayload : 0; // whose bytes are elsewhere
        m_first->end(i, ipc::TaskOutcome::Done, ends[i], flags);
    }
    TRY_COMPARE(m_worker->got.size(), 4, patience);
    for (qsizetype i = 0; i < 4; ++i) {
        const auto finished = ipc::decodeTaskFinished(m_worker->got.at(i).payload);
        const bool isLeftOff = i == 1;
        QCOMPARE(int(finished->code), isLeftOff ? int(Error::Busy + 1) : 0);
        QCOMPARE(finished->error.toByteArray().contains("worker 0 does not take what it is told"), isLeftOff);
        QCOMPARE(finished->result, QByteArrayView(isLeftOff ? QByteArray() : ends[i]));
    }
    TRY_COMPARE(m_broker->counters().done.load(), 4u, patience);
    QCOMPARE(m_broker->counters().failed.load(), 0u);
}

void TestBroker::resultThatNobodyHears()
{
    const QByteArray file = *m_spill->write(1, "a large result", false);
    m_worker->deliver(1, "mail", ipc::WantsFinish);
    TRY_COMPARE(m_first->got.size(), 1, patience);
    m_broker->childDied(1, u"signal 9"_s, false);
    QVERIFY(m_first->begin(0));
    m_first->end(0, ipc::TaskOutcome::Done, file, ipc::SpilledPayload);
    TRY_COMPARE(m_broker->counters().done.load(), 1u, patience);
    QVERIFY(m_spill->size(file) > 0);
    m_broker->reconfigure(settingsFor(0));
    QCOMPARE(m_spill->size(file), 0);
}

void TestBroker::whatADeadTaskWorkerHadDone()
{
    m_first->setQuick();
    const QList<quint8> flags = {ipc::WantsFinish, 0, ipc::WantsFinish | ipc::DurableTask, ipc::WantsFinish};
    for (const bool hasResult : {false, true}) {
        const quint64 done = m_broker->counters().done, dead = deadLetters();
        const qsizetype before = m_first->got.size();
        m_worker->got.clear();
        for (qsizetype i = 0; i < flags.size(); ++i)
            m_worker->deliver(quint64(i + 1), "mail", flags.at(i));
        TRY_COMPARE(m_first->got.size(), before + 4, patience);
        for (qsizetype place = before; place < before + 4; ++place)
            QVERIFY(m_first->begin(place));
        m_first->endUnheard(before + 2, hasResult);
        const quint64 unended = m_first->got.constLast().id; // the durable one may be the last
        const quint64 childId = hasResult ? 3 : 2;
        m_broker->childDied(childId, u"signal 11"_s, true);
        m_first = std::make_unique<FakeChild>(*m_broker, childId + 1, ipc::ChildIdentity{ChildRole::TaskWorker, 0});
        m_first->setQuick();
        // The last one had only begun.
        TRY_COMPARE(deadLetters(), dead + 1, patience);
        QCOMPARE(m_broker->counters().done.load(), done + 3);
        TRY_COMPARE(m_worker->got.size(), 3, patience);
        for (const FakeChild::Got &each : std::as_const(m_worker->got)) {
            const auto finished = ipc::decodeTaskFinished(each.payload);
            const bool isLost = hasResult || each.id == unended;
            QCOMPARE(int(finished->code), isLost ? int(Error::Unavailable + 1) : 0);
            QCOMPARE(finished->error.startsWith("it is done"), hasResult && each.id != unended);
        }
    }
}

QUERN_EPOLL_TEST_MAIN(TestBroker)
#include "tst_broker.moc"
