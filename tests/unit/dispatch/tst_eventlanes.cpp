#include "dispatch/eventlanes.h"
#include "fakeworker.h"

#include <QSignalSpy>
#include <QTest>

#include <map>

using namespace DispatchTest;
using namespace Quern;
using namespace std::chrono_literals;
using dispatch::Dispatcher;
using dispatch::DispatchMode;
using dispatch::DispatchSettings;
using dispatch::EventLane;
using dispatch::EventLanes;
using dispatch::LiveConnection;
using dispatch::LiveEvent;

namespace {

constexpr int workerNum = 2;

/// Says yes to all, and notes what it hears.
struct Owner final : dispatch::EventOwner
{
    void eventsProgressed(LiveConnection *connection) override { ++progressed[connection->id]; }
    void connectionSettled(LiveConnection *connection) override { settled.append(connection->id); }
    void handlerMissing(LiveConnection *connection) override
    {
        missing.append(connection->id);
        if (whenMissing)
            whenMissing(connection);
    }
    void handlersChanged() override { ++changes; }

    std::map<quint64, int> progressed;
    QList<quint64> settled;
    QList<quint64> missing;
    std::function<void(LiveConnection *)> whenMissing;
    int changes = 0;
};

std::unique_ptr<LiveEvent> eventOf(const QByteArray &body, ipc::EventKind kind = ipc::EventKind::Text)
{
    auto event = std::make_unique<LiveEvent>();
    event->kind = kind;
    event->body = body;
    return event;
}

QByteArray bodiesOf(const FakeWorker &worker, quint64 connectionId)
{
    QByteArrayList bodies;
    for (const FakeWorker::SentEvent &event : worker.sentEvents()) {
        if (event.connectionId == connectionId)
            bodies.append(event.body);
    }
    return bodies.join(' ');
}

} // namespace

/// Events of connections on their way to two workers, 0 and 1; connections are homed by their numbers.
class TestEventLanes : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void inOrderAndByOneWorker();
    void longBodiesCrossInParts();
    void atMostSoManyUnderWay();
    void waitForAWorkerThatTakesNothing();
    void readingStopsWithTooMuchUnderWay();
    void readingStopsWithTooMuchInAll();
    void unbegunMoveOnInOrder();
    void begunAreDroppedAndCounted();
    void begunAreRedelivered();
    void notToBeRedeliveredAfterACrash();
    void theGateIsClosedWithTheLink();
    void drainedWhenTheBegunAreDone();
    void anotherUserHoldsUntilTheOldWorkerIsDone();
    void orphansWaitForAWorker();
    void theLastEventWithoutAHandlerSettles();
    void thousandsOfMissingHandlers();
    void anIdleConnectionIsKnownToBeUnserved();
    void placesInManifestsAreThoseOfTheirWorker();
    void settledWithItsWorker();
    void closedAndSettled();
    void packetsOfOneSenderInOrder();
    void packetsHaveABound();
    void aStoppedWorkerIsTold();

private:
    LiveConnection *connect(quint64 home);
    void submit(LiveConnection *connection, const QByteArray &body, ipc::EventKind kind = ipc::EventKind::Text)
    {
        m_lanes->submit(connection, eventOf(body, kind));
    }
    void close(LiveConnection *connection)
    {
        connection->session = nullptr;
        submit(connection, {}, ipc::EventKind::Close);
    }
    void submitPacket(quint64 home, const QByteArray &body);
    std::unique_ptr<FakeWorker> worker(int workerId, int generation = 1,
                                       const QByteArrayList &patterns = {"/echo", "/other"});
    void restart(const DispatchSettings &settings);

    std::unique_ptr<Dispatcher> m_dispatcher;
    std::unique_ptr<Owner> m_owner;
    std::unique_ptr<EventLanes> m_lanes;
    std::unique_ptr<FakeWorker> m_first;
    std::unique_ptr<FakeWorker> m_second;
    std::vector<std::unique_ptr<LiveConnection>> m_connections;
};

void TestEventLanes::init()
{
    DispatchSettings settings;
    settings.workerNum = workerNum;
    restart(settings);
}

void TestEventLanes::restart(const DispatchSettings &settings)
{
    cleanup();
    m_dispatcher = std::make_unique<Dispatcher>(settings, 0);
    m_owner = std::make_unique<Owner>();
    m_lanes = std::make_unique<EventLanes>(m_dispatcher.get(), settings.mode, workerNum, m_owner.get());
    m_lanes->setRedeliver(settings.redeliver);
    m_dispatcher->setLanes(m_lanes.get());
    m_first = worker(0);
    m_second = worker(1);
    m_dispatcher->activate(1);
}

void TestEventLanes::cleanup()
{
    if (m_dispatcher)
        m_dispatcher->setLanes(nullptr);
    m_lanes.reset();
    m_connections.clear();
    m_dispatcher.reset();
}

LiveConnection *TestEventLanes::connect(quint64 home)
{
    m_connections.push_back(std::make_unique<LiveConnection>());
    LiveConnection *connection = m_connections.back().get();
    connection->id = m_connections.size();
    // Lanes ask whether there is one, and no more.
    connection->session = static_cast<dispatch::LiveSession *>(static_cast<void *>(connection));
    connection->home = home;
    connection->routeMethod = ipc::RouteEntry::WebSocketMethod.toByteArray();
    connection->routePattern = "/echo";
    return connection;
}

void TestEventLanes::submitPacket(quint64 home, const QByteArray &body)
{
    std::unique_ptr<LiveEvent> event = eventOf(body, ipc::EventKind::Packet);
    event->home = home;
    event->handler = "lines";
    m_lanes->submitPacket(std::move(event));
}

std::unique_ptr<FakeWorker> TestEventLanes::worker(int workerId, int generation, const QByteArrayList &patterns)
{
    dispatch::WorkerInfo info = FakeWorker::info(workerId, generation);
    info.routes.clear();
    for (const QByteArray &pattern : patterns)
        info.routes.append({ipc::RouteEntry::WebSocketMethod.toByteArray(), pattern, false});
    info.routes.append({ipc::RouteEntry::SocketMethod.toByteArray(), "lines", false});
    auto made = std::make_unique<FakeWorker>(info);
    made->join(*m_dispatcher);
    return made;
}

void TestEventLanes::inOrderAndByOneWorker()
{
    LiveConnection *even = connect(0);
    LiveConnection *odd = connect(1);
    for (const QByteArray body : {"a", "b", "c"}) {
        submit(even, body);
        submit(odd, body);
    }
    QCOMPARE(bodiesOf(*m_first, even->id), QByteArray("a b c"));
    QCOMPARE(bodiesOf(*m_second, odd->id), QByteArray("a b c"));
    QCOMPARE(m_first->sentEvents().last().sequence, quint64(3));
    QCOMPARE(even->events, quint32(3));
    QVERIFY(!m_dispatcher->isIdle());
    m_first->endEvents(2);
    QCOMPARE(even->events, quint32(1));
    m_first->endEvents(3);
    m_second->endEvents(3);
    QCOMPARE(even->events + odd->events, quint32(0));
    QCOMPARE(even->eventBytes, qint64(0));
    QCOMPARE(m_owner->progressed[even->id], 3);
    QCOMPARE(m_lanes->counters().handled.load(), quint64(6));
    QVERIFY(m_dispatcher->isIdle());
}

void TestEventLanes::longBodiesCrossInParts()
{
    LiveConnection *connection = connect(0);
    const QByteArray body = QByteArray(3 * ipc::MaxBodyPart + 7, 'x') + "end";
    submit(connection, body);
    submit(connection, "next");
    QCOMPARE(m_first->sentEvents().size(), 2);
    QCOMPARE(m_first->sentEvents().first().body, body);
}

void TestEventLanes::atMostSoManyUnderWay()
{
    LiveConnection *connection = connect(0);
    for (int i = 0; i < EventLane::MaxSent + 10; ++i)
        submit(connection, QByteArray::number(i));
    QCOMPARE(m_first->sentEvents().size(), EventLane::MaxSent);
    m_first->endEvents(4);
    QCOMPARE(m_first->sentEvents().size(), EventLane::MaxSent + 4);
    m_first->endEvents(quint64(EventLane::MaxSent));
    QCOMPARE(m_first->sentEvents().size(), EventLane::MaxSent + 10);
    QCOMPARE(m_first->sentEvents().last().body, QByteArray::number(EventLane::MaxSent + 9));

    // Bytes are bounded as well, by what the last one brings.
    LiveConnection *other = connect(1);
    for (int i = 0; i < 5; ++i)
        submit(other, QByteArray(qsizetype(EventLane::MaxSentBytes) / 2, 'x'));
    QCOMPARE(m_second->sentEvents().size(), 2);
    m_second->endEvents(1);
    QCOMPARE(m_second->sentEvents().size(), 3);
}

void TestEventLanes::waitForAWorkerThatTakesNothing()
{
    LiveConnection *connection = connect(0);
    m_first->setWritable(false);
    submit(connection, "a");
    submit(connection, "b");
    QCOMPARE(m_first->sentEvents().size(), 0);
    m_first->setWritable(true);
    QTRY_COMPARE(bodiesOf(*m_first, connection->id), QByteArray("a b"));
}

void TestEventLanes::readingStopsWithTooMuchUnderWay()
{
    LiveConnection *connection = connect(0);
    QVERIFY(m_lanes->mayRead(connection));
    submit(connection, QByteArray(EventLanes::MaxEventBytes, 'x'));
    QVERIFY(!m_lanes->mayRead(connection));
    QVERIFY(m_lanes->mayRead(connect(0)));
    m_first->endEvents(1);
    QVERIFY(m_lanes->mayRead(connection));
}

void TestEventLanes::readingStopsWithTooMuchInAll()
{
    LiveConnection *reader = connect(1);
    constexpr qsizetype size = 1024 * 1024;
    const auto count = int(EventLanes::MaxTotalBytes / size);
    for (int i = 0; i < count; ++i)
        submit(connect(0), QByteArray(size, 'x'));
    QVERIFY(!m_lanes->mayRead(reader));
    for (quint64 sequence = 1; sequence <= quint64(count) / 2; ++sequence)
        m_first->endEvents(sequence);
    QCOMPARE(m_owner->progressed[reader->id], 0);
    m_first->endEvents(quint64(count) / 2 + 1);
    QCOMPARE(m_owner->progressed[reader->id], 1);
    QVERIFY(m_lanes->mayRead(reader));
}

void TestEventLanes::unbegunMoveOnInOrder()
{
    LiveConnection *one = connect(0);
    LiveConnection *two = connect(2);
    for (const QByteArray body : {"a", "b", "c"}) {
        submit(one, body);
        submit(two, body);
    }
    m_dispatcher->workerDied(m_first->childId(), {});
    submit(one, "d");
    QCOMPARE(bodiesOf(*m_second, one->id), QByteArray("a b c d"));
    QCOMPARE(bodiesOf(*m_second, two->id), QByteArray("a b c"));
    QCOMPARE(m_lanes->counters().redelivered.load(), quint64(6));
    QCOMPARE(m_lanes->counters().dropped.load(), quint64(0));
    m_second->endEvents(7);
    // Its replacement takes over what comes then.
    const std::unique_ptr<FakeWorker> replacement = worker(0);
    submit(one, "e");
    QCOMPARE(bodiesOf(*replacement, one->id), QByteArray("e"));
}

void TestEventLanes::begunAreDroppedAndCounted()
{
    LiveConnection *connection = connect(0);
    for (const QByteArray body : {"a", "b", "c", "d"})
        submit(connection, body);
    QVERIFY(m_first->beginEvent(1));
    QVERIFY(m_first->beginEvent(2));
    m_first->endEvents(1);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression("died with 1 event of connections that it had begun"));
    m_dispatcher->workerDied(m_first->childId(), {});
    QCOMPARE(bodiesOf(*m_second, connection->id), QByteArray("c d"));
    QCOMPARE(m_lanes->counters().dropped.load(), quint64(1));
    m_second->endEvents(2);
    QCOMPARE(connection->events, quint32(0));
    QVERIFY(m_dispatcher->isIdle());
}

void TestEventLanes::begunAreRedelivered()
{
    DispatchSettings settings;
    settings.workerNum = workerNum;
    settings.redeliver = true;
    restart(settings);
    LiveConnection *connection = connect(0);
    for (const QByteArray body : {"a", "b", "c", "d"})
        submit(connection, body);
    for (quint64 sequence = 1; sequence <= 3; ++sequence)
        QVERIFY(m_first->beginEvent(sequence));
    m_first->endEvents(1);
    m_dispatcher->workerDied(m_first->childId(), {});
    submit(connection, "e");
    QCOMPARE(bodiesOf(*m_second, connection->id), QByteArray("b c d e"));
    QCOMPARE(m_lanes->counters().dropped.load(), quint64(0));
}

void TestEventLanes::notToBeRedeliveredAfterACrash()
{
    DispatchSettings settings;
    settings.workerNum = workerNum;
    settings.redeliver = true;
    restart(settings);
    LiveConnection *connection = connect(0);
    submit(connection, "a");
    submit(connection, "b");
    QVERIFY(m_first->beginEvent(1));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression("died with 1 event "));
    dispatch::WorkerDeath death;
    death.blamedRoutes = {"/echo"};
    m_dispatcher->workerDied(m_first->childId(), death);
    QCOMPARE(bodiesOf(*m_second, connection->id), QByteArray("b"));
}

void TestEventLanes::theGateIsClosedWithTheLink()
{
    LiveConnection *connection = connect(0);
    submit(connection, "a");
    submit(connection, "b");
    QVERIFY(m_first->beginEvent(1));
    m_first->closeLink();
    QVERIFY(!m_first->beginEvent(2));
    // What has begun is waited for: its connection's order holds over the two workers.
    QCOMPARE(bodiesOf(*m_second, connection->id), QByteArray());
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression("died with 1 event "));
    m_dispatcher->workerDied(m_first->childId(), {});
    QCOMPARE(bodiesOf(*m_second, connection->id), QByteArray("b"));
}

void TestEventLanes::drainedWhenTheBegunAreDone()
{
    QSignalSpy drained(m_dispatcher.get(), &Dispatcher::workerDrained);
    LiveConnection *connection = connect(0);
    submit(connection, "a");
    submit(connection, "b");
    QVERIFY(m_first->beginEvent(1));
    m_dispatcher->drain(m_first->childId());
    QVERIFY(!m_first->beginEvent(2));
    QCOMPARE(drained.size(), 0);
    m_first->endEvents(1);
    QCOMPARE(drained.size(), 1);
    QCOMPARE(bodiesOf(*m_second, connection->id), QByteArray("b"));
    // One that has nothing leaves at once.
    m_second->endEvents(1);
    m_dispatcher->drain(m_second->childId());
    QCOMPARE(drained.size(), 2);
}

void TestEventLanes::anotherUserHoldsUntilTheOldWorkerIsDone()
{
    LiveConnection *connection = connect(0);
    submit(connection, "a");
    // A user whose worker is the other one.
    for (int i = 0; connection->user.isEmpty(); ++i) {
        const QByteArray name = "user" + QByteArray::number(i);
        if (qHash(name) % workerNum == 1)
            connection->user = name;
    }
    submit(connection, "b");
    submit(connection, "c");
    QCOMPARE(bodiesOf(*m_first, connection->id), QByteArray("a"));
    QCOMPARE(m_second->sentEvents().size(), 0);
    m_first->endEvents(1);
    QCOMPARE(bodiesOf(*m_second, connection->id), QByteArray("b c"));
    QCOMPARE(m_second->sentEvents().first().name, connection->user);
}

void TestEventLanes::orphansWaitForAWorker()
{
    m_dispatcher->workerDied(m_first->childId(), {});
    m_dispatcher->workerDied(m_second->childId(), {});
    LiveConnection *connection = connect(1);
    submit(connection, "a");
    submitPacket(0, "packet");
    submit(connection, "b");
    const std::unique_ptr<FakeWorker> late = worker(0);
    QCOMPARE(bodiesOf(*late, connection->id), QByteArray("a b"));
    QCOMPARE(bodiesOf(*late, 0), QByteArray("packet"));
}

void TestEventLanes::theLastEventWithoutAHandlerSettles()
{
    LiveConnection *connection = connect(0);
    connection->routePattern = "/gone";
    m_owner->whenMissing = [this](LiveConnection *missing) {
        if (missing->session)
            close(missing);
    };
    m_first->setWritable(false);
    submit(connection, "a");
    submit(connection, "b");
    m_first->setWritable(true);
    QTRY_COMPARE(m_owner->settled, QList<quint64>{connection->id});
    QCOMPARE(connection->events, quint32(0));
    QCOMPARE(m_first->sentEvents().size(), 0);
    QVERIFY(m_dispatcher->isIdle());
}

void TestEventLanes::thousandsOfMissingHandlers()
{
    constexpr int count = 20'000;
    m_owner->whenMissing = [this](LiveConnection *missing) {
        if (missing->session)
            close(missing);
    };
    m_first->setWritable(false);
    for (int i = 0; i < count; ++i) {
        LiveConnection *connection = connect(0);
        connection->routePattern = "/gone";
        submit(connection, "a");
    }
    m_first->setWritable(true);
    QTRY_COMPARE(m_owner->settled.size(), count);
    QVERIFY(m_dispatcher->isIdle());
}

void TestEventLanes::anIdleConnectionIsKnownToBeUnserved()
{
    LiveConnection *kept = connect(0);
    LiveConnection *lost = connect(1);
    lost->routePattern = "/other";
    QVERIFY(m_lanes->isServed(kept) && m_lanes->isServed(lost));
    const std::unique_ptr<FakeWorker> third = worker(0, 2, {"/echo"});
    const std::unique_ptr<FakeWorker> fourth = worker(1, 2, {"/echo"});
    const int changes = m_owner->changes;
    m_dispatcher->activate(2);
    QCOMPARE(m_owner->changes, changes + 1);
    QVERIFY(m_lanes->isServed(kept));
    QVERIFY(!m_lanes->isServed(lost));
}

void TestEventLanes::placesInManifestsAreThoseOfTheirWorker()
{
    LiveConnection *connection = connect(0);
    submit(connection, "a");
    QCOMPARE(m_first->sentEvents().last().route, quint32(0));
    m_first->endEvents(1);
    const auto replace = [this](std::unique_ptr<FakeWorker> &old, int generation, const QByteArrayList &patterns) {
        std::unique_ptr<FakeWorker> next = worker(0, generation, patterns);
        m_dispatcher->activate(generation);
        m_dispatcher->workerDied(old->childId(), {});
        old = std::move(next);
    };
    // Nothing happens on it for a while: lanes come and go, and one may get the address of another.
    for (int generation = 2; generation < 20; ++generation) {
        const bool isTurned = generation % 2 == 0;
        replace(m_first, generation, isTurned ? QByteArrayList{"/other", "/echo"} : QByteArrayList{"/echo", "/other"});
        if (generation % 3 != 0)
            continue;
        submit(connection, "b");
        QCOMPARE(m_first->sentEvents().last().route, quint32(isTurned ? 1 : 0));
        m_first->endEvents(1);
    }
}

void TestEventLanes::settledWithItsWorker()
{
    LiveConnection *connection = connect(6);
    m_lanes->settleWith(connection, m_second->childId());
    submit(connection, "a");
    QCOMPARE(bodiesOf(*m_second, connection->id), QByteArray("a"));
    // An unknown one changes nothing.
    LiveConnection *other = connect(6);
    m_lanes->settleWith(other, 0);
    submit(other, "a");
    QCOMPARE(bodiesOf(*m_first, other->id), QByteArray("a"));
    // Where addresses choose, they go on to do so.
    DispatchSettings settings;
    settings.mode = DispatchMode::ByAddress;
    settings.workerNum = workerNum;
    restart(settings);
    LiveConnection *third = connect(6);
    m_lanes->settleWith(third, m_second->childId());
    submit(third, "a");
    QCOMPARE(bodiesOf(*m_first, third->id), QByteArray("a"));
}

void TestEventLanes::closedAndSettled()
{
    LiveConnection *connection = connect(0);
    submit(connection, "a");
    close(connection);
    m_first->endEvents(1);
    QVERIFY(m_owner->settled.isEmpty());
    m_first->endEvents(2);
    QCOMPARE(m_owner->settled, QList<quint64>{connection->id});
}

void TestEventLanes::packetsOfOneSenderInOrder()
{
    for (const QByteArray body : {"a", "b", "c"}) {
        submitPacket(0, "even-" + body);
        submitPacket(1, "odd-" + body);
    }
    QCOMPARE(bodiesOf(*m_first, 0), QByteArray("even-a even-b even-c"));
    QCOMPARE(bodiesOf(*m_second, 0), QByteArray("odd-a odd-b odd-c"));
    QCOMPARE(m_first->sentEvents().first().route, quint32(2));
    m_dispatcher->workerDied(m_first->childId(), {});
    QVERIFY(bodiesOf(*m_second, 0).endsWith("even-a even-b even-c"));
}

void TestEventLanes::packetsHaveABound()
{
    m_first->setWritable(false);
    constexpr qsizetype size = 60'000;
    const auto fitting = EventLanes::MaxPacketBytes / qint64(size + qsizetype(sizeof(LiveEvent)));
    for (qint64 i = 0; i < fitting + 3; ++i)
        submitPacket(0, QByteArray(size, 'x'));
    QCOMPARE(m_lanes->counters().lostPackets.load(), quint64(3));
    m_first->setWritable(true);
    QTRY_VERIFY(m_first->sentEvents().size() > 5);
    m_first->endEvents(5);
    submitPacket(0, "there is room again");
    QCOMPARE(m_lanes->counters().lostPackets.load(), quint64(3));
}

void TestEventLanes::aStoppedWorkerIsTold()
{
    DispatchSettings settings;
    settings.workerNum = workerNum;
    settings.requestTimeout = 100ms;
    restart(settings);
    QSignalSpy stuck(m_dispatcher.get(), &Dispatcher::workerStuck);
    submit(connect(0), "a");
    QTRY_VERIFY(!stuck.isEmpty());
    QCOMPARE(stuck.first().at(0).toULongLong(), m_first->childId());
    QVERIFY(stuck.first().at(1).toString().contains("event loop"));
    for (const QList<QVariant> &told : stuck)
        QCOMPARE(told.at(0).toULongLong(), m_first->childId()); // the other one has nothing to do
}

QTEST_GUILESS_MAIN(TestEventLanes)
#include "tst_eventlanes.moc"
