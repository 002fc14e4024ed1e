#include "epolltestmain.h"

#include "base/clock.h"
#include "tasks/broker.h"
#include "taskstoresupport.h"

#include <QEventLoop>
#include <QSignalSpy>
#include <QTest>
#include <QTimer>

#include <chrono>

using namespace Quern;
using namespace Quern::tasks;
using namespace Qt::Literals::StringLiterals;
using ipc::ChildRole;
using ipc::FrameType;

namespace {

/// What is sent leaves when the loop blocks, which it does not do while QTest looks for a condition.
template <typename Condition>
bool becomesTrue(const Condition &condition, std::chrono::milliseconds limit)
{
    QEventLoop loop;
    QTimer look;
    QObject::connect(&look, &QTimer::timeout, &loop, [&] {
        if (condition())
            loop.exit(1);
    });
    look.start(5);
    QTimer::singleShot(limit, &loop, &QEventLoop::quit);
    return condition() || loop.exec() == 1;
}

#define TRY_COMPARE(actual, expected, limit)                                                                           \
    do {                                                                                                               \
        becomesTrue([&] { return (actual) == (expected); }, std::chrono::milliseconds(limit));                         \
        QCOMPARE(actual, expected);                                                                                    \
    } while (false)
#define TRY_VERIFY(condition, limit)                                                                                   \
    QVERIFY(becomesTrue([&] { return bool(condition); }, std::chrono::milliseconds(limit)))

constexpr int patience = 10000;

/// A child at the other end of its channel: it does what the test says, and nothing by itself.
class FakeChild final : public ipc::FrameSink
{
public:
    struct Got
    {
        FrameType type;
        quint64 id = 0;
        QByteArray payload;
    };

    FakeChild(Broker &broker, quint64 childId, ipc::ChildIdentity who, int generation = 1)
        : m_page(std::make_shared<ipc::ChildPage>(ipc::ChildPage::create(1).value()))
        , m_ends(*ipc::Channel::createPair())
        , m_channel(std::make_unique<ipc::Channel>(m_ends.second, this))
    {
        broker.addChild(m_ends.first, m_page, {childId, std::move(who), generation});
    }

    void deliver(quint64 id, const QByteArray &name, quint8 flags = 0, quint16 tries = 1, quint32 timeoutMs = 0,
                 const QByteArray &key = {})
    {
        ipc::DeliverMessage message;
        message.name = name;
        message.flags = flags;
        message.tries = tries;
        message.timeoutMs = timeoutMs;
        message.uniqueKey = key;
        message.payload = "payload";
        m_channel->sendWith([&](QByteArray &out) { ipc::appendDeliver(out, id, message); });
        m_channel->flush();
    }
    /// Begins the task that came as number \a place; false if it has been taken back.
    bool begin(qsizetype place)
    {
        const auto message = ipc::decodeRunTask(got.at(place).payload);
        if (!ipc::beginTask(m_page->taskProgress(), message->sequence))
            return false;
        ipc::ChildCounters &counters = m_page->counters();
        counters.currentRequest = got.at(place).id;
        counters.currentSinceNs = base::nowNanoseconds();
        counters.currentSlot = ipc::TaskSlot;
        return true;
    }
    void end(qsizetype place, ipc::TaskOutcome outcome = ipc::TaskOutcome::Done, const QByteArray &text = {})
    {
        const auto message = ipc::decodeRunTask(got.at(place).payload);
        m_page->counters().currentSlot = ipc::NoSlot;
        ipc::TaskDoneMessage done;
        done.sequence = message->sequence;
        done.outcome = outcome;
        (outcome == ipc::TaskOutcome::Done ? done.result : done.error) = text;
        m_channel->sendWith([&](QByteArray &out) { ipc::appendTaskDone(out, got.at(place).id, done); });
        m_channel->flush();
    }
    /// What a moving average of the run times makes it: quick ones get many tasks at a time.
    void setQuick() { m_page->counters().handlerNs = 1000; }
    QList<quint64> ids() const
    {
        QList<quint64> list;
        for (const Got &each : got)
            list.append(each.id);
        return list;
    }

    QList<Got> got;

private:
    void frameReceived(const ipc::Frame &frame) override
    {
        got.append({frame.type, frame.id, frame.payload.toByteArray()});
    }
    void channelClosed(const QString &) override {}

    std::shared_ptr<ipc::ChildPage> m_page;
    std::pair<int, int> m_ends;
    std::unique_ptr<ipc::Channel> m_channel;
};

} // namespace

class TestBroker : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void roundTrip();
    void answersAndRefusals();
    void triesAndDeadLetters();
    void whatADeadTaskWorkerHadNotBegun();
    void killedTaskWorkersCostDurableTasksNoTry();
    void ownFaultsCostATry();
    void quickTasksDoNotWaitBehindASlowOne();
    void overdueTaskIsToldOnce();
    void drainWaitsForWhatRuns();
    void usedUpTaskWorker();
    void generations();
    void successorOfTheDeliverer();
    void stopHandsOutNothing();

private:
    quint64 deadLetters() const
    {
        const BrokerCounters &counters = m_broker->counters();
        return counters.memory.dead + counters.database.dead;
    }
    std::unique_ptr<Broker> m_broker;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Spill> m_spill;
    std::unique_ptr<FakeChild> m_worker;
    std::unique_ptr<FakeChild> m_first;
    std::unique_ptr<FakeChild> m_second;
};

void TestBroker::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_spill = std::make_unique<Spill>(m_folder->filePath(u"spill"_s));
    QVERIFY(m_spill->prepare());
    const auto makeStores = [this](TaskStore::Client &client) {
        BrokerStores stores;
        stores.memory = std::make_unique<MemoryStore>(StoreLimits{.tasks = 5}, client, *m_spill);
        auto durable = SqliteStore::open(m_folder->filePath(u"tasks.db"_s), {}, client, *m_spill);
        if (durable)
            stores.durable = std::move(*durable);
        return stores;
    };
    m_broker = std::make_unique<Broker>(makeStores, BrokerSettings{.taskMaxRequest = 3});
    m_broker->activate(1);
    m_worker = std::make_unique<FakeChild>(*m_broker, 1, ipc::ChildIdentity{ChildRole::Worker, 0});
    m_first = std::make_unique<FakeChild>(*m_broker, 2, ipc::ChildIdentity{ChildRole::TaskWorker, 0});
    m_second.reset();
}

void TestBroker::cleanup()
{
    m_broker.reset();
    m_worker.reset();
    m_first.reset();
    m_second.reset();
}

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

void TestBroker::stopHandsOutNothing()
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

QUERN_EPOLL_TEST_MAIN(TestBroker)
#include "tst_broker.moc"
