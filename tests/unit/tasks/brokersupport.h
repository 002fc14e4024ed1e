#pragma once

#include "base/clock.h"
#include "tasks/broker.h"
#include "tasks/sqlite/sqlitestore.h"

#include <QEventLoop>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <chrono>

namespace Quern::tasks {

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

inline constexpr int patience = 10000;

/// A child at the other end of its channel: it does what the test says, and nothing by itself.
class FakeChild final : public ipc::FrameSink
{
public:
    struct Got
    {
        ipc::FrameType type;
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
        deliver(id, message);
    }
    void deliver(quint64 id, const ipc::DeliverMessage &message)
    {
        m_channel->sendWith([&](QByteArray &out) { ipc::appendDeliver(out, id, message); });
        m_channel->flush();
    }
    void leave(quint64 request)
    {
        ipc::PostMessage message;
        message.kind = ipc::PostKind::Close;
        message.flags = ipc::PostWantsAnswer;
        m_channel->sendWith([&](QByteArray &out) { ipc::appendPost(out, request, message); });
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
    /// Its loop takes in frames.
    void turnLoop() { ++m_page->counters().loopTurns; }
    void seemsToRunFor(std::chrono::nanoseconds time)
    {
        m_page->counters().currentSinceNs = base::nowNanoseconds() - quint64(time.count());
    }
    void end(qsizetype place, ipc::TaskOutcome outcome = ipc::TaskOutcome::Done, const QByteArray &text = {},
             quint8 flags = 0, quint32 resumeAt = 0)
    {
        const auto message = ipc::decodeRunTask(got.at(place).payload);
        m_page->counters().currentSlot = ipc::NoSlot;
        ipc::TaskDoneMessage done;
        done.sequence = message->sequence;
        done.outcome = outcome;
        done.flags = flags;
        done.resumeAt = resumeAt;
        (outcome == ipc::TaskOutcome::Done ? done.result : done.error) = text;
        m_channel->sendWith([&](QByteArray &out) { ipc::appendTaskDone(out, got.at(place).id, done); });
        m_channel->flush();
    }
    /// It is done, and its result could not be kept.
    void endWithoutResult(qsizetype place, const QByteArray &why)
    {
        m_page->counters().currentSlot = ipc::NoSlot;
        ipc::TaskDoneMessage done;
        done.sequence = ipc::decodeRunTask(got.at(place).payload)->sequence;
        done.error = why;
        m_channel->sendWith([&](QByteArray &out) { ipc::appendTaskDone(out, got.at(place).id, done); });
        m_channel->flush();
    }
    /// Ends without the news of it: that leaves with those that follow, if the child lives.
    void endUnheard(qsizetype place, bool hasResult)
    {
        ipc::markTasksDone(m_page->taskProgress(), ipc::decodeRunTask(got.at(place).payload)->sequence, hasResult);
    }
    /// Its handler has returned.
    void leaveStack() { m_page->counters().currentSlot = ipc::NoSlot; }
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

inline BrokerSettings settingsFor(int workers)
{
    BrokerSettings settings;
    settings.taskMaxRequest = 3;
    settings.plan.workers = workers;
    return settings;
}

/// A broker with both stores, a worker that delivers and a task worker: what tests of it begin with.
class BrokerBench
{
protected:
    void start()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_spill = std::make_unique<Spill>(m_folder->filePath(QStringLiteral("spill")));
        QVERIFY(m_spill->prepare());
        const auto makeStores = [this](TaskStore::Client &client) {
            BrokerStores stores{.spill = *m_spill};
            stores.memory = std::make_unique<MemoryStore>(StoreLimits{.tasks = 5}, client, *m_spill);
            if (m_hasDatabase) {
                auto durable = SqliteStore::open(m_folder->filePath(QStringLiteral("tasks.db")), {}, client, *m_spill);
                if (durable)
                    stores.durable = std::move(*durable);
            }
            return stores;
        };
        m_broker = std::make_unique<Broker>(makeStores, settingsFor(2));
        m_broker->activate(1);
        m_worker = std::make_unique<FakeChild>(*m_broker, 1, ipc::ChildIdentity{ipc::ChildRole::Worker, 0});
        m_first = std::make_unique<FakeChild>(*m_broker, 2, ipc::ChildIdentity{ipc::ChildRole::TaskWorker, 0});
        m_second.reset();
    }
    void end()
    {
        m_broker.reset();
        m_worker.reset();
        m_first.reset();
        m_second.reset();
    }
    quint64 deadLetters() const
    {
        const BrokerCounters &counters = m_broker->counters();
        return counters.memory.dead + counters.database.dead;
    }

    bool m_hasDatabase = true;
    std::unique_ptr<Broker> m_broker;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Spill> m_spill;
    std::unique_ptr<FakeChild> m_worker;
    std::unique_ptr<FakeChild> m_first;
    std::unique_ptr<FakeChild> m_second;
};

} // namespace Quern::tasks
