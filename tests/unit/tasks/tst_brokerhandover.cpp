#include "epolltestmain.h"

#include "brokersupport.h"

#include <QSignalSpy>

using namespace Quern;
using namespace Quern::tasks;
using namespace std::chrono_literals;
using ipc::ChildRole;
using ipc::FrameType;

/// Two brokers, one of which takes the place of the other.
class TestBrokerHandover : public QObject, private BrokerBench
{
    Q_OBJECT

private Q_SLOTS:
    void init() { start(); }
    void cleanup();
    void whatWaitsMovesToTheDatabase();
    void whatIsDeliveredMeanwhileIsKept();
    void theOtherOneTellsTheEnd();
    void theEndIsToldWhenTheFirstHasGone();
    void theOtherOneRefuses();
    void theOtherOneGoesAway();
    void thereIsNoOtherOne();
    void theDatabaseIsNotThereAtOnce();
    void tooMuchIsRefused();

private:
    /// Nothing runs, and the database is closed.
    void suspend();
    /// The other broker, with a task worker, on the database that the first one has closed.
    void startOther();
    Broker::OpenDatabase opener() const;

    std::unique_ptr<Broker> m_other;
    std::unique_ptr<FakeChild> m_otherTaskWorker;
};

void TestBrokerHandover::cleanup()
{
    m_otherTaskWorker.reset();
    end();
    m_other.reset();
}

Broker::OpenDatabase TestBrokerHandover::opener() const
{
    return [this](TaskStore::Client &client) -> Result<std::unique_ptr<TaskStore>> {
        auto opened = SqliteStore::open(m_folder->filePath(QStringLiteral("tasks.db")), {}, client, *m_spill);
        if (!opened)
            return opened.error();
        return std::unique_ptr<TaskStore>(std::move(*opened));
    };
}

void TestBrokerHandover::suspend()
{
    QSignalSpy stopped(m_broker.get(), &Broker::stopped);
    m_broker->stop();
    TRY_COMPARE(stopped.size(), 1, patience);
    m_broker->suspend();
}

void TestBrokerHandover::startOther()
{
    const auto makeStores = [this](TaskStore::Client &client) {
        BrokerStores stores{.spill = *m_spill};
        stores.memory = std::make_unique<MemoryStore>(StoreLimits{.tasks = 5}, client, *m_spill);
        return stores;
    };
    m_other = std::make_unique<Broker>(makeStores, settingsFor(2));
    QVERIFY(m_other->openDatabase(opener()));
    m_other->activate(1);
    m_otherTaskWorker = std::make_unique<FakeChild>(*m_other, 12, ipc::ChildIdentity{ChildRole::TaskWorker, 0});
    m_otherTaskWorker->setQuick();
    const auto ends = *ipc::Channel::createPair();
    m_other->addChild(ends.first, std::make_shared<ipc::ChildPage>(ipc::ChildPage::create(1).value()),
                      {99, {ChildRole::Boot}, 0});
    m_broker->forward(ends.second);
}

void TestBrokerHandover::whatWaitsMovesToTheDatabase()
{
    m_worker->deliver(1, "mail", ipc::VolatileTask | ipc::WantsAnswer);
    TRY_COMPARE(m_first->got.size(), 1, patience);
    suspend();
    QVERIFY(!m_first->begin(0));
    startOther();
    TRY_COMPARE(m_otherTaskWorker->ids(), QList<quint64>{1}, patience);
}

void TestBrokerHandover::whatIsDeliveredMeanwhileIsKept()
{
    suspend();
    m_worker->deliver(1, "mail", ipc::DurableTask | ipc::WantsAnswer);
    m_worker->deliver(2, "mail", ipc::WantsAnswer);
    QVERIFY(!becomesTrue([this] { return !m_worker->got.isEmpty(); }, 100ms));
    startOther();
    // Each is answered once, and runs once.
    TRY_COMPARE(m_worker->got.size(), 2, patience);
    for (const FakeChild::Got &answer : std::as_const(m_worker->got)) {
        QCOMPARE(answer.type, FrameType::DeliverAnswer);
        QVERIFY(ipc::decodeDeliverAnswer(answer.payload));
    }
    TRY_COMPARE(m_otherTaskWorker->got.size(), 2, patience);
    QVERIFY(m_first->got.isEmpty());
}

void TestBrokerHandover::theOtherOneTellsTheEnd()
{
    suspend();
    startOther();
    m_worker->deliver(7, "mail", ipc::WantsFinish | ipc::WantsAnswer);
    TRY_COMPARE(m_otherTaskWorker->got.size(), 1, patience);
    QVERIFY(m_otherTaskWorker->begin(0));
    m_otherTaskWorker->end(0, ipc::TaskOutcome::Done, "result");
    TRY_COMPARE(m_worker->got.size(), 2, patience);
    QCOMPARE(m_worker->got.at(0).type, FrameType::DeliverAnswer);
    const auto finished = ipc::decodeTaskFinished(m_worker->got.at(1).payload);
    QVERIFY(finished);
    QCOMPARE(finished->name, QByteArrayView("mail"));
    QCOMPARE(finished->result, QByteArrayView("result"));
}

void TestBrokerHandover::theEndIsToldWhenTheFirstHasGone()
{
    suspend();
    startOther();
    FakeChild worker(*m_other, 13, {ChildRole::Worker, 0});
    FakeChild another(*m_other, 14, {ChildRole::Worker, 1});
    m_worker->deliver(7, "mail", ipc::WantsFinish);
    TRY_COMPARE(m_otherTaskWorker->got.size(), 1, patience);
    m_other->childDied(99, QStringLiteral("it has ended"), false);
    QVERIFY(m_otherTaskWorker->begin(0));
    m_otherTaskWorker->end(0, ipc::TaskOutcome::Done, "result");
    // That of the same number.
    TRY_COMPARE(worker.got.size(), 1, patience);
    QCOMPARE(ipc::decodeTaskFinished(worker.got.at(0).payload)->result, QByteArrayView("result"));
    QVERIFY(another.got.isEmpty());
}

void TestBrokerHandover::theOtherOneRefuses()
{
    suspend();
    startOther();
    m_worker->deliver(1, "mail", ipc::DurableTask | ipc::WantsAnswer, 1, 0, "key");
    m_worker->deliver(2, "mail", ipc::DurableTask | ipc::WantsAnswer, 1, 0, "key");
    TRY_COMPARE(m_worker->got.size(), 2, patience);
    QVERIFY(ipc::decodeDeliverAnswer(m_worker->got.at(0).payload));
    QCOMPARE(ipc::decodeDeliverAnswer(m_worker->got.at(1).payload).error().code(), Error::Exists);
}

void TestBrokerHandover::theOtherOneGoesAway()
{
    suspend();
    startOther();
    m_worker->deliver(3, "mail", ipc::DurableTask | ipc::WantsFinish);
    TRY_COMPARE(m_otherTaskWorker->got.size(), 1, patience);
    m_otherTaskWorker.reset();
    m_other.reset();
    TRY_COMPARE(m_worker->got.size(), 1, patience);
    QCOMPARE(int(ipc::decodeTaskFinished(m_worker->got.at(0).payload)->code), int(Error::Unavailable + 1));
    m_worker->deliver(4, "mail", ipc::WantsAnswer);
    TRY_COMPARE(m_worker->got.size(), 2, patience);
    QCOMPARE(ipc::decodeDeliverAnswer(m_worker->got.at(1).payload).error().code(), Error::Busy);
}

void TestBrokerHandover::thereIsNoOtherOne()
{
    m_first->setQuick();
    m_worker->deliver(1, "mail", ipc::DurableTask | ipc::WantsAnswer);
    TRY_COMPARE(m_first->got.size(), 1, patience);
    suspend();
    m_worker->deliver(2, "mail", ipc::DurableTask | ipc::WantsAnswer);
    TRY_COMPARE(m_worker->got.size(), 1, patience);
    QVERIFY(!becomesTrue([this] { return m_worker->got.size() > 1; }, 100ms));
    QVERIFY(m_broker->resume(opener()));
    TRY_COMPARE(m_worker->got.size(), 2, patience);
    QVERIFY(ipc::decodeDeliverAnswer(m_worker->got.at(1).payload));
    // The first was taken back before.
    TRY_COMPARE(m_first->ids(), (QList<quint64>{1, 1, 2}), patience);
    // And it can stop as any.
    for (qsizetype place : {1, 2}) {
        QVERIFY(m_first->begin(place));
        m_first->end(place);
    }
    QSignalSpy stopped(m_broker.get(), &Broker::stopped);
    m_broker->stop();
    TRY_COMPARE(stopped.size(), 1, patience);
}

void TestBrokerHandover::theDatabaseIsNotThereAtOnce()
{
    m_first->setQuick();
    suspend();
    m_worker->deliver(1, "mail", ipc::DurableTask | ipc::WantsAnswer);
    const Error busy(Error::Busy, QStringLiteral("somebody has it"));
    const auto fails = [&busy](TaskStore::Client &) -> Result<std::unique_ptr<TaskStore>> { return busy; };
    QCOMPARE(m_broker->resume(fails).error().code(), Error::Busy);
    QCOMPARE(m_broker->failure(), busy.message());
    // Nothing is accepted that would not be on disk.
    m_worker->deliver(2, "mail", ipc::DurableTask | ipc::WantsAnswer);
    QVERIFY(!becomesTrue([this] { return !m_worker->got.isEmpty(); }, 100ms));
    QVERIFY(m_broker->resume(opener()));
    TRY_COMPARE(m_worker->got.size(), 2, patience);
    TRY_COMPARE(m_first->ids(), (QList<quint64>{1, 2}), patience);
    QVERIFY(!m_broker->failure());
}

void TestBrokerHandover::tooMuchIsRefused()
{
    suspend();
    const QByteArray payload(ipc::MaxInlinePayload, 'x');
    ipc::DeliverMessage message;
    message.name = "mail";
    message.flags = ipc::WantsAnswer;
    message.payload = payload;
    const quint64 most = quint64(Forwarder::MostWaiting / payload.size()) + 3;
    for (quint64 id = 1; id <= most; ++id)
        m_worker->deliver(id, message);
    TRY_VERIFY(!m_worker->got.isEmpty(), patience);
    QCOMPARE(ipc::decodeDeliverAnswer(m_worker->got.at(0).payload).error().code(), Error::Busy);
    QVERIFY(m_worker->got.at(0).id > most / 2);
}

QUERN_EPOLL_TEST_MAIN(TestBrokerHandover)
#include "tst_brokerhandover.moc"
